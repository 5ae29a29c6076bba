import { bind } from '../bind.js'
import type { Dtype } from '../dtype.js'
import { ShapeError } from '../errors.js'
import type { Tensor } from '../node.js'
import type { IsKnownRank, Reshaped, SameRank, Shape, Transposed } from '../shape-types.js'
import { resolveAxis, sameShape, showShape, sizeOf } from '../shape.js'
import type { Sizes } from '../shape.js'
import { assume } from './typed.js'

const inferred = (shape: Sizes, from: Sizes): Sizes => {
  if (!shape.includes(-1)) return shape
  const known = shape.reduce((product, size) => (size === -1 ? product : product * size), 1)
  const missing = known === 0 ? 0 : sizeOf(from) / known
  if (!Number.isInteger(missing) || shape.indexOf(-1) !== shape.lastIndexOf(-1)) {
    throw new ShapeError({ operation: 'reshape', operand: 'shape', expected: `one -1 that makes ${sizeOf(from)} elements, as in ${showShape(from)}`, found: showShape(shape) })
  }
  return shape.map((size) => (size === -1 ? missing : size))
}

/** The same elements, in row-major order, in another shape; one size may be −1 and follows from the others. */
export const reshape =
  <const S extends readonly number[]>(shape: S) =>
  <D extends Dtype>(x: Tensor<Shape, D>): Tensor<IsKnownRank<S> extends true ? Reshaped<S> : Shape, D> => {
    const target = inferred(shape, x.shape)
    return assume(sameShape(target, x.shape) ? x : bind('reshape', { shape: target }, x))
  }

/** Axes in another order: axis k of the result is axis `permutation[k]` of x. */
export const transpose =
  <const P extends readonly number[]>(permutation: P) =>
  <S extends Shape, D extends Dtype>(x: Tensor<S, D>): Tensor<Transposed<S, P>, D> =>
    assume(permutation.every((axis, position) => axis === position) && permutation.length === x.shape.length ? x : bind('transpose', { permutation }, x))

/** x repeated along new or size-1 axes until it has this shape. */
export const broadcastTo =
  <const S extends readonly number[]>(shape: S) =>
  <D extends Dtype>(x: Tensor<Shape, D>): Tensor<S, D> =>
    assume(sameShape(shape, x.shape) ? x : bind('broadcastTo', { shape }, x))

/** What to take along one axis: from `start` (0) below `limit` (the end) in steps of `stride` (1); negative counts from the end. */
export interface Range {
  readonly axis: number
  readonly start?: number
  readonly limit?: number
  readonly stride?: number
}

/** The part of x inside every range; axes not named are taken whole. */
export const slice =
  (...ranges: readonly Range[]) =>
  <S extends Shape, D extends Dtype>(x: Tensor<S, D>): Tensor<SameRank<S>, D> => {
    const start = x.shape.map(() => 0)
    const limit = [...x.shape]
    const stride = x.shape.map(() => 1)
    for (const range of ranges) {
      const axis = resolveAxis('slice', range.axis, x.shape.length)
      const size = x.shape[axis] ?? 0
      const place = (position: number): number => (position < 0 ? position + size : position)
      start[axis] = place(range.start ?? 0)
      limit[axis] = range.limit === undefined ? size : place(range.limit)
      stride[axis] = range.stride ?? 1
    }
    return assume(bind('slice', { start, limit, stride }, x))
  }

/** The slice at one index along an axis, which is removed. */
export const take =
  ({ axis, index }: { readonly axis: number; readonly index: number }) =>
  <D extends Dtype>(x: Tensor<Shape, D>): Tensor<Shape, D> => {
    const a = resolveAxis('take', axis, x.shape.length)
    const at = index < 0 ? index + (x.shape[a] ?? 0) : index
    return reshape(x.shape.filter((_, k) => k !== a))(slice({ axis: a, start: at, limit: at + 1 })(x))
  }

/** Elements added around (`low`, `high`) and between (`interior`) those of x, for each axis; all of one value (0). */
export const pad =
  ({ low, high, interior, value = 0 }: { readonly low: Sizes; readonly high: Sizes; readonly interior?: Sizes; readonly value?: number }) =>
  <S extends Shape, D extends Dtype>(x: Tensor<S, D>): Tensor<SameRank<S>, D> =>
    assume(bind('pad', { low, high, interior: interior ?? x.shape.map(() => 0), value }, x))

/** Tensors joined along an existing axis; all other sizes agree. Throws `ShapeError` where they do not, or where there is no tensor. */
export const concatenate =
  ({ axis }: { readonly axis: number }) =>
  <S extends Shape, D extends Dtype>(tensors: readonly Tensor<S, D>[]): Tensor<SameRank<S>, D> => {
    const [first] = tensors
    if (first === undefined) throw new ShapeError({ operation: 'concatenate', operand: 'tensors', expected: 'at least one', found: 'none' })
    return assume(tensors.length === 1 ? first : bind('concatenate', { axis: resolveAxis('concatenate', axis, first.shape.length) }, ...tensors))
  }

/** Tensors of one shape side by side along a new axis. */
export const stack =
  ({ axis }: { readonly axis: number }) =>
  <D extends Dtype>(tensors: readonly Tensor<Shape, D>[]): Tensor<Shape, D> => {
    const rank = (tensors[0]?.shape.length ?? 0) + 1
    const a = resolveAxis('stack', axis, rank)
    return concatenate({ axis: a })(tensors.map((x) => expandDims({ axis: a })(x)))
  }

/** x with an axis of size 1 inserted at this position. */
export const expandDims =
  ({ axis }: { readonly axis: number }) =>
  <D extends Dtype>(x: Tensor<Shape, D>): Tensor<Shape, D> => {
    const a = resolveAxis('expandDims', axis, x.shape.length + 1)
    return reshape([...x.shape.slice(0, a), 1, ...x.shape.slice(a)])(x)
  }

/** x without this axis, whose size is 1. Throws `ShapeError` where it is not. */
export const squeeze =
  ({ axis }: { readonly axis: number }) =>
  <D extends Dtype>(x: Tensor<Shape, D>): Tensor<Shape, D> => {
    const a = resolveAxis('squeeze', axis, x.shape.length)
    return reshape(x.shape.filter((_, k) => k !== a))(x)
  }

/** x back to front along these axes. */
export const reverse =
  ({ axes }: { readonly axes: readonly number[] }) =>
  <S extends Shape, D extends Dtype>(x: Tensor<S, D>): Tensor<S, D> =>
    assume(bind('reverse', { axes: axes.map((axis) => resolveAxis('reverse', axis, x.shape.length)).sort((a, b) => a - b) }, x))

/** x with all axes from `from` on merged into one, row-major. */
export const flatten =
  ({ from = 0 }: { readonly from?: number } = {}) =>
  <D extends Dtype>(x: Tensor<Shape, D>): Tensor<Shape, D> =>
    reshape([...x.shape.slice(0, from), sizeOf(x.shape.slice(from))])(x)
