import { add, concatenate, constant, div, floats, maximum, minimum, mul, reshape, rsqrt, ShapeError, showShape, sizeOf, slice, square, stopGradient, sub, sum, total } from '@tabula/tensor'
import type { Shape, Tensor } from '@tabula/tensor'
import type { Reduce } from '../reduce/reduce.js'

type Real = Tensor<Shape, 'f32'>

/** What normalization by a batch answers. All but y are `[C]`; `count` is the number of elements behind each mean, of rank 0. */
export interface BatchNormalized<S extends Shape = Shape> {
  readonly y: Tensor<S, 'f32'>
  readonly mean: Real
  /** Biased: divided by the count. */
  readonly variance: Real
  readonly count: Tensor<Shape, 'f32'>
}

const channelsOf = (operation: string, x: Real): number => {
  const [, channels] = x.shape
  if (channels === undefined) throw new ShapeError({ operation, operand: 'x', expected: 'at least two axes, [N, C, …]', found: showShape(x.shape) })
  return channels
}

/** Every axis but the channels'. */
const others = (x: Real): readonly number[] => x.shape.map((_, axis) => axis).filter((axis) => axis !== 1)

/** `[C]` → `[1, C, 1, …]`. */
const spread = (x: Real, vector: Real): Real => reshape(x.shape.map((_, axis) => (axis === 1 ? -1 : 1)))(vector)

/** γ·(x − mean)/√(variance + ε) + β for each channel of `[N, C, …]`, as one multiplication and one addition of the map. */
export const affineNormalize = <S extends Shape>(
  x: Tensor<S, 'f32'>,
  statistics: { readonly mean: Real; readonly variance: Real },
  { eps = 1e-5 }: { readonly eps?: number } = {},
  weight?: Real,
  bias?: Real
): Tensor<S, 'f32'> => {
  const scale = rsqrt(add(statistics.variance, eps))
  const slope = weight === undefined ? scale : mul(scale, weight)
  const shift = mul(statistics.mean, slope)
  const offset = bias === undefined ? sub(0, shift) : sub(bias, shift)
  const wide: Real = x
  // Vectors of one element for each channel leave x's shape as it is.
  return add(mul(wide, spread(wide, slope)), spread(wide, offset)) as Tensor<S, 'f32'>
}

/** Which of a batch's rows count. */
export interface CountedRows {
  /** `[N]`: 1 for rows that are part of the batch, 0 for rows that fill it up. All rows where not given. */
  readonly rows?: Real
}

/** What sums over the batch are made of: the elements of rows that count, and how many a channel has, of rank 0. */
const counted = (operation: string, x: Real, rows: Real | undefined): { readonly only: (of: Real) => Real; readonly count: Tensor<Shape, 'f32'> } => {
  const elements = sizeOf(x.shape) / Math.max(1, channelsOf(operation, x))
  const [n = 0] = x.shape
  if (rows === undefined) return { only: (of) => of, count: constant(floats([], [elements])) }
  if (rows.shape.length !== 1 || rows.shape[0] !== n) throw new ShapeError({ operation, operand: 'rows', expected: showShape([n]), found: showShape(rows.shape) })
  const column = reshape(x.shape.map((_, axis) => (axis === 0 ? n : 1)))(rows)
  return { only: (of) => mul(of, column), count: mul(total(rows), n === 0 ? 0 : elements / n) }
}

/**
 * Batch normalization of `[N, C, …]` by the batch's own mean and biased variance, computed in two passes (Ioffe & Szegedy 2015;
 * PyTorch's `batch_norm` in training). Statistics are those of the `rows` that count; all rows are normalized. Throws `ShapeError`.
 */
export const batchNormalize = <S extends Shape>(
  x: Tensor<S, 'f32'>,
  { rows, ...options }: { readonly eps?: number } & CountedRows = {},
  weight?: Real,
  bias?: Real
): BatchNormalized<S> => {
  const wide: Real = x
  const { only, count } = counted('batchNormalize', wide, rows)
  const share: Real = div(1, maximum(count, 1))
  const mean = mul(sum({ axes: others(wide) })(only(wide)), share)
  const variance = mul(sum({ axes: others(wide) })(only(square(sub(wide, spread(wide, mean))))), share)
  return { y: affineNormalize(x, { mean, variance }, options, weight, bias), mean, variance, count }
}

/**
 * Batch normalization by the statistics of all replicas' batches together. One sum over replicas of (Σx, Σx², count), and in the
 * derivative one of their cotangents, which are combinations of (Σdy, Σdy·x̂). Shards may differ in size or be empty, and only
 * `rows` that count are part of them. The gradients of weight and bias stay those of this replica.
 *
 * `shift` `[C]`, the same on all replicas, is taken from x before it is summed and changes nothing but rounding: a guess of the mean,
 * such as the running one, keeps Σx² / count − mean² from cancelling where the mean is large beside the deviation.
 */
export const synchronizedBatchNormalize = <S extends Shape>(
  x: Tensor<S, 'f32'>,
  { reduce, label, shift, rows, eps = 1e-5 }: { readonly reduce: Reduce; readonly label: string; readonly shift?: Real; readonly eps?: number } & CountedRows,
  weight?: Real,
  bias?: Real
): BatchNormalized<S> => {
  const wide: Real = x
  const channels = channelsOf('synchronizedBatchNormalize', wide)
  const local = counted('synchronizedBatchNormalize', wide, rows)
  const origin = shift === undefined ? undefined : stopGradient(shift)
  const moved = origin === undefined ? wide : sub(wide, spread(wide, origin))
  const sums = sum({ axes: others(wide) })(local.only(moved))
  const squares = sum({ axes: others(wide) })(local.only(square(moved)))
  const all: Real = reduce.sum(label)(concatenate({ axis: 0 })<Shape, 'f32'>([sums, squares, reshape([1])(local.count)]))
  const part = (start: number, limit: number): Real => slice({ axis: 0, start, limit })(all)
  const count = reshape([])(part(2 * channels, 2 * channels + 1))
  const share: Real = div(1, maximum(count, 1))
  const distance: Real = mul(part(0, channels), share)
  const mean: Real = origin === undefined ? distance : add(origin, distance)
  // Rounding can leave a variance a little below 0.
  const variance: Real = maximum(sub(mul(part(channels, 2 * channels), share), square(distance)), 0)
  return { y: affineNormalize(x, { mean, variance }, { eps }, weight, bias), mean, variance, count }
}

/**
 * Running statistics after a batch: (1 − momentum)·running + momentum·batch, of the unbiased variance, as PyTorch. A batch of nothing
 * leaves them as they are.
 */
export const updateRunning = (
  running: { readonly running_mean: Real; readonly running_var: Real },
  { mean, variance, count }: BatchNormalized,
  momentum: number
): { readonly running_mean: Real; readonly running_var: Real } => {
  const share: Real = mul(minimum(count, 1), momentum)
  const mix = (old: Real, now: Real): Real => add(mul(old, sub(1, share)), mul(stopGradient(now), share))
  const unbiased = mul(variance, div(count, maximum(sub(count, 1), 1)))
  return { running_mean: mix(running.running_mean, mean), running_var: mix(running.running_var, unbiased) }
}

