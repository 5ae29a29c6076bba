import { function as F, taskEither as TE } from 'fp-ts'
import { grad, vmap } from '@tabula/autodiff'
import { compile, div, floats, maximum, mean, mul, named, reshape, sigmoid, sqrt, sub, sum, total } from '@tabula/tensor'
import type { Shape, Tensor } from '@tabula/tensor'
import { referenceDevice } from '@tabula/tensor/reference'

type Real = Tensor<Shape, 'f32'>
type Weights = Tensor<readonly [2], 'f32'>

/** The squared error of one example: its shapes have no batch. */
const loss = (weights: Weights, point: Tensor<readonly [2], 'f32'>, target: Tensor<readonly [], 'f32'>): Tensor<readonly [], 'f32'> => {
  const error = sub(sigmoid(total(mul(weights, point))), target)
  return mul(error, error)
}

/** Every example's gradient, at most `longest` long, and their mean: the step of differentially private training, without its noise. */
const clipped = (gradients: Real, longest: number) => {
  const norms = sqrt(sum({ axes: [1], keepDimensions: true })(mul(gradients, gradients)))
  return mean({ axes: [0] })(div<Real, Real>(gradients, maximum(div<Real, number>(norms, longest), 1)))
}

const examples = {
  weights: floats([2], [1, -1]),
  points: floats([3, 2], [1, 0, 0, 1, 2, 2]),
  targets: floats([3], [1, 1, 0])
}

const program = ({ weights, points, targets }: { readonly weights: Real; readonly points: Real; readonly targets: Real }) => {
  const gradients = vmap(grad(loss), { inAxes: [null, 0, 0] })(named([2])(weights), named(['N', 2])(points), named(['N'])(targets))
  return { gradients, step: clipped(reshape(gradients.shape)(gradients), 0.1) }
}

export const outcome = await F.pipe(
  compile(referenceDevice())(program, examples),
  TE.chainW(({ run }) => run(examples))
)()
