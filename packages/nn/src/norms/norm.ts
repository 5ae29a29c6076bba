import { filled, zerosInit } from '../init/initializers.js'
import { drawLeaf, layer, pure, stateless } from '../layer.js'
import type { Initial, Layer } from '../layer.js'
import type { Spatial } from '../signature.js'
import type { NoLeaves, Parameter } from '../tree.js'
import type { Key, Shape, Tensor } from '@tabula/tensor'
import { affineNormalize, batchNormalize, synchronizedBatchNormalize, updateRunning } from '../functions/batch-normalize.js'
import type { BatchNormalized, CountedRows } from '../functions/batch-normalize.js'
import { groupNormalize } from '../functions/group-normalize.js'
import type { Reduce } from '../reduce/reduce.js'
import { add, mean, mul, reshape, rsqrt, ShapeError, square, sub } from '@tabula/tensor'

/** γ and β, `[C]` each. */
export interface Affine {
  readonly weight: Parameter
  readonly bias: Parameter
}

/** Running statistics, `[C]` each, under PyTorch's names. */
export interface Running {
  readonly running_mean: Parameter
  readonly running_var: Parameter
}

/** What may differ between layers of one network that share a norm. */
export interface NormLayerOptions {
  /** Initial γ, 1 where not given. Some recipes start the last norm of a residual branch at 0. */
  readonly scale?: number
}

/** A normalization as a value: one for a whole network fixes the types of its parameters and state. */
export interface Norm<P, S> {
  readonly name: string
  /** Whether a convolution before it needs a bias of its own. */
  readonly needsBias: boolean
  /** The norm of maps with this many channels. */
  readonly layer: <const C extends number>(channels: C, options?: NormLayerOptions) => Layer<P, S, Spatial<C, C, 1>>
}

const affine = (key: Key, path: string, channels: number, scale: number) => ({
  weight: drawLeaf(filled(scale), key, path, 'weight', [channels]),
  bias: drawLeaf(zerosInit, key, path, 'bias', [channels])
})

const running = (key: Key, path: string, channels: number) => ({
  running_mean: drawLeaf(zerosInit, key, path, 'running_mean', [channels]),
  running_var: drawLeaf(filled(1), key, path, 'running_var', [channels])
})

/**
 * Group normalization with PyTorch's `GroupNorm` leaves. Where `groups` does not divide the channels, making the layer throws
 * `ShapeError`, or one group is used with `fallback: true`.
 */
export const groupNorm = (groups = 32, { eps = 1e-5, fallback = false }: { readonly eps?: number; readonly fallback?: boolean } = {}): Norm<Affine, NoLeaves> => ({
  name: `groupNorm(${groups})`,
  needsBias: false,
  layer: <const C extends number>(channels: C, { scale = 1 }: NormLayerOptions = {}) => {
    const divides = channels % groups === 0
    if (!divides && !fallback) {
      throw new ShapeError({ operation: 'groupNorm', operand: 'groups', expected: `a divisor of ${channels} channels (or \`fallback: true\`)`, found: String(groups) })
    }
    const options = { groups: divides ? groups : 1, eps }
    return stateless<Affine, Spatial<C, C, 1>>(
      (key, path) => affine(key, path, channels, scale),
      ({ weight, bias }, x) => groupNormalize(x, options, weight, bias)
    )
  }
})

/** Settings of the norms that use statistics of the batch; PyTorch's defaults. */
export interface BatchNormOptions {
  readonly eps?: number
  /** The share of the newest batch in the running statistics. */
  readonly momentum?: number
}

type Normalize = (x: Tensor<Shape, 'f32'>, weight: Parameter, bias: Parameter, counted: CountedRows, running: Running) => BatchNormalized

const byBatch = <const C extends number>(channels: C, scale: number, { eps = 1e-5, momentum = 0.1 }: BatchNormOptions, apply: Normalize) =>
  layer<Affine, Running, Spatial<C, C, 1>>({
    init: (key, path): Initial<Affine, Running> => ({ params: affine(key, path, channels, scale), state: running(key, path, channels) }),
    train: ({ weight, bias }, state, x, { rows } = {}) => {
      const normalized = apply(x, weight, bias, rows === undefined ? {} : { rows }, state)
      return [normalized.y, { ...state, ...updateRunning(state, normalized, momentum) }]
    },
    infer: ({ weight, bias }, { running_mean, running_var }, x) => affineNormalize(x, { mean: running_mean, variance: running_var }, { eps }, weight, bias)
  })

/** Batch normalization with PyTorch's `BatchNorm2d` leaves: by the batch in training, by running statistics in inference. */
export const batchNorm = (options: BatchNormOptions = {}): Norm<Affine, Running> => ({
  name: 'batchNorm',
  needsBias: false,
  layer: (channels, { scale = 1 } = {}) =>
    byBatch(channels, scale, options, (x, weight, bias, counted) => batchNormalize(x, { ...options, ...counted }, weight, bias))
})

/** Batch normalization by the statistics of all replicas (PyTorch's `SyncBatchNorm`): see `synchronizedBatchNormalize`. */
export const syncBatchNorm = (reduce: Reduce, options: BatchNormOptions = {}): Norm<Affine, Running> => ({
  name: `syncBatchNorm(${reduce.size})`,
  needsBias: false,
  layer: (channels, { scale = 1 } = {}) =>
    byBatch(channels, scale, options, (x, weight, bias, counted, { running_mean: shift }) =>
      synchronizedBatchNormalize(x, { ...options, ...counted, reduce, shift, label: `syncBatchNorm(${channels})` }, weight, bias)
    )
})

/** A fixed affine map by statistics of pre-training, torchvision's `FrozenBatchNorm2d`: all four leaves are state, none trains. */
export const frozenBatchNorm = ({ eps = 1e-5 }: { readonly eps?: number } = {}): Norm<NoLeaves, Affine & Running> => ({
  name: 'frozenBatchNorm',
  needsBias: false,
  layer: <const C extends number>(channels: C, { scale = 1 }: NormLayerOptions = {}) => {
    const apply = ({ weight, bias, running_mean, running_var }: Affine & Running, x: Tensor<Shape, 'f32'>) =>
      affineNormalize(x, { mean: running_mean, variance: running_var }, { eps }, weight, bias)
    return layer<NoLeaves, Affine & Running, Spatial<C, C, 1>>({
      init: (key, path) => ({ params: {}, state: { ...affine(key, path, channels, scale), ...running(key, path, channels) } }),
      train: (_params, state, x) => [apply(state, x), state],
      infer: (_params, state, x) => apply(state, x)
    })
  }
})

/** Each position's channels to mean 0 and variance 1 (over axis 1 of `[N, C, …]`), then γ·x + β. */
export const layerNorm = ({ eps = 1e-5 }: { readonly eps?: number } = {}): Norm<Affine, NoLeaves> => ({
  name: 'layerNorm',
  needsBias: false,
  layer: <const C extends number>(channels: C, { scale = 1 }: NormLayerOptions = {}) =>
    stateless<Affine, Spatial<C, C, 1>>(
      (key, path) => affine(key, path, channels, scale),
      ({ weight, bias }, x) => {
        const over = { axes: [1], keepDimensions: true }
        const vector = (v: Parameter): Parameter => reshape(x.shape.map((_, axis) => (axis === 1 ? -1 : 1)))(v)
        const deviation = sub(x, mean(over)(x))
        const normalized = mul(deviation, rsqrt(add(mean(over)(square(deviation)), eps)))
        return add(mul(normalized, vector(weight)), vector(bias))
      }
    )
})

/** No normalization: convolutions have biases, as VGG's. */
export const noNorm: Norm<NoLeaves, NoLeaves> = {
  name: 'none',
  needsBias: true,
  layer: <const C extends number>(_channels: C) => pure<Spatial<C, C, 1>>((x) => x)
}
