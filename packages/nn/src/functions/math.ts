import { abs, equal, floor, log, mul, select, sign, sqrt, square, sum } from '@tabula/tensor'
import type { Reduction, Shape, Tensor } from '@tabula/tensor'

/** Elementwise logarithm to base 2. Same shape. */
export const log2 = <S extends Shape>(x: Tensor<S, 'f32'>): Tensor<S, 'f32'> =>
  // A product with a number keeps the shape.
  mul<Tensor<Shape, 'f32'>, number>(log(x), Math.LOG2E) as Tensor<S, 'f32'>

/** Elementwise integer part: toward zero. Same shape. */
export const trunc = <S extends Shape>(x: Tensor<S, 'f32'>): Tensor<S, 'f32'> =>
  // Two tensors of one shape.
  mul<Tensor<Shape, 'f32'>, Tensor<Shape, 'f32'>>(sign(x), floor(abs(x))) as Tensor<S, 'f32'>

/** Square root of the sum of squares over axes (all where not given); where it is 0 its derivative is taken as 0 (PyTorch's `norm`). */
export const euclideanNorm =
  (options: Reduction = {}) =>
  (x: Tensor<Shape, 'f32'>): Tensor<Shape, 'f32'> => {
    const squares = sum(options)(square(x))
    const none = equal(squares, 0)
    // The root never sees 0, where its derivative is infinite.
    return select(none, 0, sqrt(select(none, 1, squares)))
  }
