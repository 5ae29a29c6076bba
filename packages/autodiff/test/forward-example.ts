import { abs, add, exp, hostValue, log1p, matmul, maximum, mul, named, neg, sigmoid, total, trace } from '@tabula/tensor'
import type { Tensor } from '@tabula/tensor'
import { evaluate } from '@tabula/tensor/reference'
import { customJvp, hvp, jvp, linearize } from '@tabula/autodiff'

type Points = Tensor<readonly ['N', 2], 'f32'>
type Scores = Tensor<readonly ['N', 1], 'f32'>

/** A tree of parameters. */
interface Weights {
  readonly slope: Tensor<readonly [2, 1], 'f32'>
  readonly bias: Tensor<readonly [1], 'f32'>
}

/** log(1 + eˣ) without overflow, with a derivative that is written down rather than found: that of reverse mode follows from it. */
const softplus = customJvp((x: Scores): Scores => add(maximum(x, 0), log1p(exp(neg(abs(x))))), {
  name: 'softplus',
  jvp: ([x], _y, [direction]) => mul(direction, sigmoid(x))
})

const predict = ({ slope, bias }: Weights, points: Points): Scores => softplus(add(matmul(points, slope), bias))
const loss = (weights: Weights, points: Points): Tensor<readonly [], 'f32'> => total(mul(predict(weights, points), 0.5))

const explore = (weights: Weights, direction: Weights, points: Points) => {
  /** How fast the predictions change along the direction, beside the predictions themselves. */
  const { value, tangent } = jvp(predict, weights, direction, points)
  /** The same along further directions, for the cost of what depends on them; `null` is zero. */
  const { pushforward } = linearize(predict)(weights, points)
  const alongBias = pushforward({ slope: null, bias: direction.bias })
  /** How fast the gradient changes: a tree of the weights' type. */
  const curvature = hvp(loss, weights, direction, points)
  return { value, tangent, alongBias, curvature }
}

const numbers = (shape: readonly number[], data: readonly number[]) => hostValue('f32', shape, Float64Array.from(data))

const inputs = { slope: numbers([2, 1], [1, -1]), bias: numbers([1], [0]), along: numbers([2, 1], [0, 1]), points: numbers([1, 2], [1, 1]) }

const program = trace(({ slope, bias, along, points }) => {
  const weights = { slope: named([2, 1])(slope), bias: named([1])(bias) }
  return explore(weights, { slope: named([2, 1])(along), bias: weights.bias }, named(['N', 2])(points))
}, inputs)

export const outcome = evaluate(program.graph, [inputs.slope, inputs.bias, inputs.along, inputs.points])
