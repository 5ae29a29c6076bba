import { customVjp } from '@tabula/autodiff'
import { checkGradients, showMismatch } from '@tabula/autodiff/testing'
import { abs, add, clamp, floats, greaterEqual, mean, mul, select, sub } from '@tabula/tensor'
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

/** As somebody wrote it first: the shift was broadcast, and its cotangent is not summed back. */
const unsummed = customVjp(value, {
  name: 'smoothL1',
  vjp: ([errors, shift], _loss, cotangent) => [slopes(errors, shift, cotangent), slopes(errors, shift, cotangent)]
})

/** As somebody mended it: with a mean in the place of the sum. Tests on one row pass. */
const averaged = customVjp(value, {
  name: 'smoothL1',
  vjp: ([errors, shift], _loss, cotangent) => [slopes(errors, shift, cotangent), mean({ axes: [0] })(slopes(errors, shift, cotangent))]
})

const at = { errors: floats([3, 4], [0.3, -1.7, 2.2, 0.1, -0.4, 0.6, 1.9, -2.5, 0.7, 0.2, -0.8, 1.4]), shift: floats([4], [0.05, -0.1, 0.15, 0.2]) }

/** What the kit says about the first attempt, whose rule does not even fit. */
const first = checkGradients(({ errors, shift }) => unsummed(errors, shift), { at })
export const refusal = first._tag === 'Left' ? first.left.message : ''

/** What it says about the second: a test, made as small as possible. */
const second = checkGradients(({ errors, shift }) => averaged(errors, shift), { at })
export const counterExample =
  second._tag === 'Left' && second.left._tag === 'GradientMismatch'
    ? showMismatch(second.left, { runner: 'vitest', name: '({ errors, shift }) => averaged(errors, shift)' })
    : ''
