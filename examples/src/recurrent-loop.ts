import { function as F, taskEither as TE } from 'fp-ts'
import { scan, valueAndGrad } from '@tabula/autodiff'
import { add, compile, floats, matmul, mul, sub, tanh, total } from '@tabula/tensor'
import type { Shape, Tensor } from '@tabula/tensor'
import { referenceDevice } from '@tabula/tensor/reference'

type Real = Tensor<Shape, 'f32'>

/** Weights of a recurrent layer. */
interface Weights {
  readonly recurrent: Real
  readonly input: Real
}

/**
 * The squared error of a recurrent layer's states `[T, 1, H]` over a sequence `[T, 1, X]`. The program has one step, whatever T is. The
 * backward pass keeps the state of every fourth step and computes those between again.
 */
const loss = ({ recurrent, input }: Weights, sequence: Real, targets: Real, start: Real): Tensor<readonly [], 'f32'> => {
  const step = (state: Real, x: Real): readonly [Real, Real] => {
    const next: Real = tanh(add<Real, Real>(matmul<Shape, Shape>(state, recurrent), matmul<Shape, Shape>(x, input)))
    return [next, next]
  }
  const [, states] = scan(step, start, sequence, { checkpointEvery: 4 })
  const error: Real = sub<Real, Real>(states, targets)
  return total(mul(error, error))
}

const steps = 12
const wave = (shift: number): readonly number[] => Array.from({ length: steps }, (_, k) => Math.sin(k / 2 + shift))

/** What goes in: weights, a wave, and the same wave two steps later as what shall come out. */
export const values = {
  weights: { recurrent: floats([2, 2], [0.5, -0.3, 0.2, 0.4]), input: floats([1, 2], [1, -1]) },
  sequence: floats([steps, 1, 1], wave(0)),
  targets: floats([steps, 1, 2], wave(1).flatMap((x) => [x, 0])),
  start: floats([1, 2], [0, 0])
}

export const program = ({ weights, sequence, targets, start }: { readonly weights: Weights; readonly sequence: Real; readonly targets: Real; readonly start: Real }) =>
  valueAndGrad(loss)(weights, sequence, targets, start)

export const outcome = await F.pipe(
  compile(referenceDevice())(program, values),
  TE.chainW(({ run }) => run(values))
)()
