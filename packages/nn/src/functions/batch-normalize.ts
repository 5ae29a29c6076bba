import { add, concatenate, constant, div, floats, maximum, mul, reshape, rsqrt, ShapeError, showShape, sizeOf, slice, square, stopGradient, sub, sum } from '@tabula/tensor'
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

/**
 * Batch normalization of `[N, C, …]` by the batch's own mean and biased variance, computed in two passes (Ioffe & Szegedy 2015;
 * PyTorch's `batch_norm` in training). Throws `ShapeError`.
 */
export const batchNormalize = <S extends Shape>(
  x: Tensor<S, 'f32'>,
  options: { readonly eps?: number } = {},
  weight?: Real,
  bias?: Real
): BatchNormalized<S> => {
  const wide: Real = x
  const count = sizeOf(wide.shape) / Math.max(1, channelsOf('batchNormalize', wide))
  const mean = mul(sum({ axes: others(wide) })(wide), 1 / count)
  const variance = mul(sum({ axes: others(wide) })(square(sub(wide, spread(wide, mean)))), 1 / count)
  return { y: affineNormalize(x, { mean, variance }, options, weight, bias), mean, variance, count: constant(floats([], [count])) }
}

/**
 * Batch normalization by the statistics of all replicas' batches together. One sum over replicas of (Σx, Σx², count), and in the
 * derivative one of their cotangents, which are combinations of (Σdy, Σdy·x̂). Shards may differ in size or be empty. The
 * gradients of weight and bias stay those of this replica.
 */
export const synchronizedBatchNormalize = <S extends Shape>(
  x: Tensor<S, 'f32'>,
  { reduce, label, eps = 1e-5 }: { readonly reduce: Reduce; readonly label: string; readonly eps?: number },
  weight?: Real,
  bias?: Real
): BatchNormalized<S> => {
  const wide: Real = x
  const channels = channelsOf('synchronizedBatchNormalize', wide)
  const local = sizeOf(wide.shape) / Math.max(1, channels)
  const sums = sum({ axes: others(wide) })(wide)
  const squares = sum({ axes: others(wide) })(square(wide))
  const all: Real = reduce.sum(label)(concatenate({ axis: 0 })<Shape, 'f32'>([sums, squares, constant(floats([1], [local]))]))
  const part = (start: number, limit: number): Real => slice({ axis: 0, start, limit })(all)
  const count = reshape([])(part(2 * channels, 2 * channels + 1))
  const mean: Real = div(part(0, channels), count)
  // Rounding can leave a variance a little below 0.
  const variance: Real = maximum(sub(div(part(channels, 2 * channels), count), square(mean)), 0)
  return { y: affineNormalize(x, { mean, variance }, { eps }, weight, bias), mean, variance, count }
}

/** Running statistics after a batch: (1 − momentum)·running + momentum·batch, of the unbiased variance, as PyTorch. */
export const updateRunning = (
  running: { readonly running_mean: Real; readonly running_var: Real },
  { mean, variance, count }: BatchNormalized,
  momentum: number
): { readonly running_mean: Real; readonly running_var: Real } => {
  const mix = (old: Real, now: Real): Real => add(mul(old, 1 - momentum), mul(stopGradient(now), momentum))
  const unbiased = mul(variance, div(count, maximum(sub(count, 1), 1)))
  return { running_mean: mix(running.running_mean, mean), running_var: mix(running.running_var, unbiased) }
}

