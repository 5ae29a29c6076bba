import { argmax, cast, equal, matmul, mean, mul, relu, sub, total } from '@tabula/tensor'
import type { Shape, Tensor } from '@tabula/tensor'
import { grad, showProgram, stopGradient } from '@tabula/autodiff'

type Matrix = Tensor<Shape, 'f32'>
type Labels = Tensor<Shape, 'i32'>

/** The squared distance of a layer from what it should answer. */
const loss = (weights: Matrix, x: Matrix, y: Matrix): Tensor<readonly [], 'f32'> => {
  const error = sub(relu(matmul(x, weights)), y)
  return total(mul(error, error))
}

/** The program of the gradient for these shapes. Nothing is computed. */
export const listing = showProgram(grad(loss))([3, 4], [2, 3], [2, 4])

/** How many rows have their largest score at the label: nothing that has a derivative. */
const accuracy = (scores: Matrix, labels: Labels) => mean()(cast('f32')(equal(argmax({ axis: 1 })(scores), labels))) as Tensor<readonly [], 'f32'>

const shapes = [[2, 4], { shape: [2], dtype: 'i32' }] as const

/** Throws a DerivativeError that names the way from the loss to the scores. */
export const refused = (): string => showProgram(grad(accuracy))(...shapes)

/** The same where a gradient of zero is meant. */
export const zero = (): string => showProgram(grad((scores: Matrix, labels: Labels) => accuracy(stopGradient(scores), labels)))(...shapes)
