import { add, hostValue, mul, named, neg, sigmoid, sub, sum, total, trace } from '@tabula/tensor'
import type { Tensor } from '@tabula/tensor'
import { evaluate } from '@tabula/tensor/reference'
import { grad, hessian, jacobian, vmap } from '@tabula/autodiff'

type Weights = Tensor<readonly [2], 'f32'>
type Point = Tensor<readonly [2], 'f32'>
type Target = Tensor<readonly [], 'f32'>

/** The loss of one example: its shapes have no batch. */
const loss = (weights: Weights, point: Point, target: Target): Tensor<readonly [], 'f32'> => {
  const error = sub(sigmoid(total(mul(weights, point))), target)
  return mul(error, error)
}

interface Examples {
  readonly weights: Weights
  readonly points: Tensor<readonly ['N', 2], 'f32'>
  readonly targets: Tensor<readonly ['N'], 'f32'>
}

const analyse = ({ weights, points, targets }: Examples) => {
  /** The gradient of every example in one program: `[N, 2]`. */
  const gradients = vmap(grad(loss), { inAxes: [null, 0, 0] })(weights, points, targets)
  /** Which examples pull hardest: `[N]`. */
  const pull = sum({ axes: [1] })(mul(gradients, gradients))
  /** The curvature of the mean loss: `[2, 2]`. */
  const curvature = hessian((w: Weights) => total(vmap(loss, { inAxes: [null, 0, 0] })(w, points, targets)))(weights)
  /** The derivatives of a result that is no scalar: `[2, 2]`. */
  const slopes = jacobian((w: Weights) => add(mul(w, w), neg(w)), { mode: 'forward' })(weights)
  return { pull, curvature, slopes }
}

const numbers = (shape: readonly number[], data: readonly number[]) => hostValue('f32', shape, Float64Array.from(data))

const examples = {
  weights: numbers([2], [1, -1]),
  points: numbers([3, 2], [1, 0, 0, 1, 2, 2]),
  targets: numbers([3], [1, 1, 0])
}

const program = trace(
  ({ weights, points, targets }) =>
    analyse({ weights: named([2])(weights), points: named(['N', 2])(points), targets: named(['N'])(targets) }),
  examples
)

export const outcome = evaluate(program.graph, [examples.weights, examples.points, examples.targets])
