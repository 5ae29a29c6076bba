import { add, hostValue, matmul, mul, sigmoid, sub, total, trace } from '@tabula/tensor'
import type { Shape, Tensor } from '@tabula/tensor'
import { evaluate } from '@tabula/tensor/reference'
import { valueAndGrad } from '@tabula/autodiff'

type Matrix = Tensor<Shape, 'f32'>

/** A tree of parameters; gradients have the same type. */
interface Parameters {
  readonly weights: Matrix
  readonly bias: Matrix
}

const predict = ({ weights, bias }: Parameters, x: Matrix): Matrix => sigmoid(add(matmul(x, weights), bias))

const loss = (parameters: Parameters, x: Matrix, y: Matrix): Tensor<readonly [], 'f32'> => {
  const error = sub(predict(parameters, x), y)
  return total(mul(error, error))
}

const step = ({ parameters, x, y }: { readonly parameters: Parameters; readonly x: Matrix; readonly y: Matrix }) =>
  valueAndGrad(loss)(parameters, x, y)

const matrix = (rows: number, columns: number, numbers: readonly number[]) =>
  hostValue('f32', [rows, columns], Float64Array.from(numbers))

const example = {
  parameters: { weights: matrix(2, 1, [0.5, -0.5]), bias: matrix(1, 1, [0]) },
  x: matrix(2, 2, [1, 0, 0, 1]),
  y: matrix(2, 1, [1, 0])
}

/** Loss, gradient of the weights, gradient of the bias. */
export const outcome = evaluate(trace(step, example).graph, [
  example.parameters.weights,
  example.parameters.bias,
  example.x,
  example.y
])
