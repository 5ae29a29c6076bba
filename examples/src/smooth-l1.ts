import { customVjp } from '@tabula/autodiff'
import { abs, add, clamp, greaterEqual, mul, select, sub, sum } from '@tabula/tensor'
import type { Shape, Tensor } from '@tabula/tensor'

type Real = Tensor<Shape, 'f32'>

/** The smooth L1 loss of errors `[N, 4]` and a shift `[4]` that all of them share: d²/2 up to a distance of 1, d − 1/2 beyond. */
const value = (errors: Real, shift: Real): Real => {
  const d: Real = add<Real, Real>(errors, shift)
  const distance = abs(d)
  return select(greaterEqual<Real, number>(distance, 1), sub<Real, number>(distance, 0.5), mul<Real, number>(mul<Real, Real>(d, d), 0.5))
}

/** The loss's derivative by each error, times its cotangent. */
const slopes = (errors: Real, shift: Real, cotangent: Real): Real => mul<Real, Real>(cotangent, clamp({ lowest: -1, highest: 1 })(add<Real, Real>(errors, shift)))

/** It, with its derivative written down: what was broadcast is summed back. */
export const smoothL1 = customVjp(value, {
  name: 'smoothL1',
  vjp: ([errors, shift], _loss, cotangent) => [slopes(errors, shift, cotangent), sum({ axes: [0] })(slopes(errors, shift, cotangent))]
})
