import { bind } from '../bind.js'
import type { Tensor } from '../node.js'
import type { Shape } from '../shape-types.js'
import { resolveAxis, sizeOf } from '../shape.js'
import { div, mul, sqrt, square, sub, neg } from './elementwise.js'
import { reshape } from './movement.js'
import { assume, scalarOf } from './typed.js'

/** Which axes to reduce (all where not given), and whether they stay with size 1. */
export interface Reduction {
  readonly axes?: readonly number[]
  readonly keepDimensions?: boolean
}

const resolve = (operation: string, { axes, keepDimensions = false }: Reduction, x: Tensor) => ({
  axes: axes === undefined ? x.shape.map((_, axis) => axis) : [...new Set(axes.map((axis) => resolveAxis(operation, axis, x.shape.length)))].sort((a, b) => a - b),
  keepDimensions
})

/** Sum over axes; 0 of nothing. */
export const sum =
  (options: Reduction = {}) =>
  <D extends 'f32' | 'i32'>(x: Tensor<Shape, D>): Tensor<Shape, D> =>
    assume(bind('reduceSum', resolve('sum', options, x), x))

/** The sum of all elements, of rank 0: what a loss is. */
export const total = (x: Tensor<Shape, 'f32'>): Tensor<readonly [], 'f32'> => assume(sum()(x))

/** Arithmetic mean over axes; NaN of nothing. */
export const mean =
  (options: Reduction = {}) =>
  (x: Tensor<Shape, 'f32'>): Tensor<Shape, 'f32'> => {
    const count = sizeOf(resolve('mean', options, x).axes.map((axis) => x.shape[axis] ?? 1))
    return assume(count === 0 ? div(sum(options)(x), 0) : mul(sum(options)(x), 1 / count))
  }

/** Largest element over axes; NaN if any is; −∞ of nothing; ties share the derivative evenly. */
export const max =
  (options: Reduction = {}) =>
  <D extends 'f32' | 'i32'>(x: Tensor<Shape, D>): Tensor<Shape, D> =>
    assume(bind('reduceMax', resolve('max', options, x), x))

/** Smallest element over axes; NaN if any is; ties share the derivative evenly. */
export const min =
  (options: Reduction = {}) =>
  <D extends 'f32' | 'i32'>(x: Tensor<Shape, D>): Tensor<Shape, D> =>
    neg(max(options)(neg(x)))

/** Index of the first largest element along an axis, which is removed. */
export const argmax =
  ({ axis }: { readonly axis: number }) =>
  (x: Tensor<Shape, 'f32' | 'i32'>): Tensor<Shape, 'i32'> =>
    assume(bind('argmax', { axis: resolveAxis('argmax', axis, x.shape.length) }, x))

/** Mean squared deviation over axes, divided by n − `correction` (0: biased), or by 0 where that is negative. */
export const variance =
  ({ correction = 0, ...options }: Reduction & { readonly correction?: number } = {}) =>
  (x: Tensor<Shape, 'f32'>): Tensor<Shape, 'f32'> => {
    const deviation = sub(x, mean({ ...options, keepDimensions: true })(x))
    const count = sizeOf(resolve('variance', options, x).axes.map((axis) => x.shape[axis] ?? 1))
    return assume(div(sum(options)(square(assume<Shape, 'f32'>(deviation))), Math.max(0, count - correction)))
  }

/** Square root of the variance; where it is 0 its derivative is taken as 0 (PyTorch's `std`). */
export const standardDeviation =
  (options: Reduction & { readonly correction?: number } = {}) =>
  (x: Tensor<Shape, 'f32'>): Tensor<Shape, 'f32'> => {
    const squares = variance(options)(x)
    const none = bind('equal', {}, squares, scalarOf('f32', 0))
    return assume(bind('select', {}, none, scalarOf('f32', 0), sqrt(assume<Shape, 'f32'>(bind('select', {}, none, scalarOf('f32', 1), squares)))))
  }

/** Product over one axis, by halves, so that derivatives are right where factors are zero. */
export const product =
  ({ axis, keepDimensions = false }: { readonly axis: number; readonly keepDimensions?: boolean }) =>
  (x: Tensor<Shape, 'f32'>): Tensor<Shape, 'f32'> => {
    const a = resolveAxis('product', axis, x.shape.length)
    let factors = x
    for (let size = factors.shape[a] ?? 0; size > 1; size = factors.shape[a] ?? 0) {
      const half = Math.floor(size / 2)
      const part = (start: number, limit: number): Tensor<Shape, 'f32'> => sliceAlong(factors, a, start, limit)
      const paired: Tensor<Shape, 'f32'> = assume(mul(part(0, half), part(half, 2 * half)))
      factors = size % 2 === 0 ? paired : assume(bind('concatenate', { axis: a }, paired, part(2 * half, size)))
    }
    return keepDimensions ? factors : reshape(x.shape.filter((_, k) => k !== a))(factors)
  }

/** Running sum along an axis, in log₂ n additions of shifted copies (Hillis & Steele). */
export const cumulativeSum =
  ({ axis }: { readonly axis: number }) =>
  (x: Tensor<Shape, 'f32'>): Tensor<Shape, 'f32'> => {
    const a = resolveAxis('cumulativeSum', axis, x.shape.length)
    const size = x.shape[a] ?? 0
    let running = x
    for (let shift = 1; shift < size; shift *= 2) {
      const low = x.shape.map((_, k) => (k === a ? shift : 0))
      const none = x.shape.map(() => 0)
      const shifted = bind('pad', { low, high: none, interior: none, value: 0 }, sliceAlong(running, a, 0, size - shift))
      running = assume(bind('add', {}, running, shifted))
    }
    return running
  }

const sliceAlong = (x: Tensor<Shape, 'f32'>, axis: number, start: number, limit: number): Tensor<Shape, 'f32'> =>
  assume(
    bind(
      'slice',
      {
        start: x.shape.map((_, k) => (k === axis ? start : 0)),
        limit: x.shape.map((size, k) => (k === axis ? limit : size)),
        stride: x.shape.map(() => 1)
      },
      x
    )
  )
