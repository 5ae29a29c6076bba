import { argmax, clamp, mean, standardDeviation } from '@tabula/tensor'
import type { Shape, Tensor } from '@tabula/tensor'
import {
  adaptiveAveragePool2d, affineNormalize, averagePool2d, batchNormalize, binaryCrossEntropyWithLogits, crossEntropy, elu, euclideanNorm, gelu,
  groupNormalize, hardSigmoid, hardSwish, huberLoss, interpolate, l1Loss, layerNormalize, leakyRelu, log2, logSigmoid, logSoftmax, logSumExp, mish,
  mseLoss, padEdges, relu6, sigmoidFocalLoss, silu, smoothL1Loss, softmax, softplus, trunc, updateRunning
} from '../../src/index.js'
import type { LossReduction } from '../../src/index.js'

type Floats = Tensor<Shape, 'f32'>

/** Operands by name, and the arguments of a recorded operation. */
export interface Recorded {
  readonly of: (name: string) => Floats
  readonly has: (name: string) => boolean
  readonly indices: (name: string) => Tensor<Shape, 'i32'>
  readonly attribute: (name: string) => unknown
}

/** Results in the order of the recorded outputs. */
type Operation = (recorded: Recorded) => readonly Tensor[]

const numberAt = (value: unknown): number => {
  if (typeof value !== 'number') throw new Error(`not a number: ${String(value)}`)
  return value
}
const list = (value: unknown): readonly number[] => (Array.isArray(value) ? value.map(numberAt) : [numberAt(value)])
const pair = (value: unknown): readonly [number, number] => {
  const [height = 0, width = height] = list(value)
  return [height, width]
}
const axis = ({ attribute }: Recorded) => ({ axis: numberAt(attribute('dim')) })
const reduction = ({ attribute }: Recorded): { readonly reduction: LossReduction } => {
  const found = attribute('reduction')
  if (found !== 'mean' && found !== 'sum' && found !== 'none') throw new Error('no reduction')
  return { reduction: found }
}
const over = ({ attribute }: Recorded) => ({
  ...(attribute('dim') === null ? {} : { axes: list(attribute('dim')) }),
  keepDimensions: attribute('keepdim') === true
})
const unary =
  (f: (x: Floats) => Tensor): Operation =>
  ({ of }) => [f(of('x'))]
const optional = ({ of, has }: Recorded, name: string): Floats | undefined => (has(name) ? of(name) : undefined)
const epsilon = ({ attribute }: Recorded) => numberAt(attribute('eps'))
const regression =
  (loss: (recorded: Recorded) => (x: Floats, target: Floats) => Floats): Operation =>
  (recorded) => [loss(recorded)(recorded.of('x'), recorded.of('target'))]

/** What this package computes for each recorded operation. */
export const torchOperations: Readonly<Record<string, Operation>> = {
  group_norm: (r) => [groupNormalize(r.of('x'), { groups: numberAt(r.attribute('groups')), eps: epsilon(r) }, optional(r, 'weight'), optional(r, 'bias'))],
  instance_norm: (r) => [groupNormalize(r.of('x'), { groups: r.of('x').shape[1] ?? 0, eps: epsilon(r) }, optional(r, 'weight'), optional(r, 'bias'))],
  layer_norm: (r) => [layerNormalize(r.of('x'), { over: list(r.attribute('normalized_shape')), eps: epsilon(r) }, optional(r, 'weight'), optional(r, 'bias'))],
  batch_norm: (r) => {
    const [x, weight, bias, options] = [r.of('x'), optional(r, 'weight'), optional(r, 'bias'), { eps: epsilon(r) }]
    const running = { running_mean: r.of('running_mean'), running_var: r.of('running_var') }
    if (r.attribute('training') !== true) return [affineNormalize(x, { mean: running.running_mean, variance: running.running_var }, options, weight, bias)]
    const normalized = batchNormalize(x, options, weight, bias)
    const next = updateRunning(running, normalized, numberAt(r.attribute('momentum')))
    return [normalized.y, next.running_mean, next.running_var]
  },
  softmax: (r) => [softmax(axis(r))(r.of('x'))],
  log_softmax: (r) => [logSoftmax(axis(r))(r.of('x'))],
  logsumexp: (r) => [logSumExp({ axes: [axis(r).axis] })(r.of('x'))],
  cross_entropy: (r) => {
    const weight = optional(r, 'weight')
    const smoothing = r.attribute('label_smoothing')
    return [
      crossEntropy({
        ...reduction(r),
        ...(weight === undefined ? {} : { weight }),
        ...(smoothing === undefined ? {} : { labelSmoothing: numberAt(smoothing) })
      })(r.of('x'), r.indices('target'))
    ]
  },
  bce_with_logits: (r) => {
    const [weight, positiveWeight] = [optional(r, 'weight'), optional(r, 'pos_weight')]
    return [
      binaryCrossEntropyWithLogits({ ...reduction(r), ...(weight === undefined ? {} : { weight }), ...(positiveWeight === undefined ? {} : { positiveWeight }) })(
        r.of('x'),
        r.of('target')
      )
    ]
  },
  smooth_l1: regression((r) => smoothL1Loss({ ...reduction(r), beta: numberAt(r.attribute('beta')) })),
  l1: regression((r) => l1Loss(reduction(r))),
  mse: regression((r) => mseLoss(reduction(r))),
  huber: regression((r) => huberLoss({ ...reduction(r), delta: numberAt(r.attribute('delta')) })),
  sigmoid_focal_loss: regression((r) => sigmoidFocalLoss({ ...reduction(r), alpha: numberAt(r.attribute('alpha')), gamma: numberAt(r.attribute('gamma')) })),
  interpolate: (r) => {
    const mode = r.attribute('mode') === 'nearest' ? 'nearest' : 'bilinear'
    const alignCorners = r.attribute('align_corners') === true
    const size = r.attribute('size')
    const factor = r.attribute('scale_factor')
    return [
      interpolate(
        size === undefined
          ? { mode, alignCorners, scaleFactor: numberAt(factor), recomputeScaleFactor: r.attribute('recompute_scale_factor') === true }
          : { mode, alignCorners, size: pair(size) }
      )(r.of('x'))
    ]
  },
  avg_pool2d: (r) => [
    averagePool2d({
      kernel: pair(r.attribute('kernel')),
      stride: pair(r.attribute('stride')),
      padding: pair(r.attribute('padding')),
      ceilMode: r.attribute('ceil_mode') === true,
      countIncludePad: r.attribute('count_include_pad') === true
    })(r.of('x'))
  ],
  adaptive_avg_pool2d: (r) => [adaptiveAveragePool2d({ size: pair(r.attribute('size')) })(r.of('x'))],
  softplus: unary(softplus),
  logsigmoid: unary(logSigmoid),
  gelu: unary((x) => gelu(x)),
  gelu_tanh: unary((x) => gelu(x, 'tanh')),
  silu: unary(silu),
  mish: unary(mish),
  elu: unary(elu()),
  relu6: unary(relu6),
  hardswish: unary(hardSwish),
  hardsigmoid: unary(hardSigmoid),
  leaky_relu: (r) => [leakyRelu({ slope: numberAt(r.attribute('negative_slope')) })(r.of('x'))],
  log2: unary(log2),
  trunc: unary(trunc),
  mean: (r) => [mean(over(r))(r.of('x'))],
  std: (r) => [standardDeviation({ ...over(r), correction: 1 })(r.of('x'))],
  norm: (r) => [euclideanNorm(over(r))(r.of('x'))],
  argmax: (r) => [argmax(axis(r))(r.of('x'))],
  clamp: (r) => [clamp({ lowest: numberAt(r.attribute('min')), highest: numberAt(r.attribute('max')) })(r.of('x'))],
  clamp_min: (r) => [clamp({ lowest: numberAt(r.attribute('min')) })(r.of('x'))],
  pad_reflect: (r) => [padded('reflect', r)],
  pad_replicate: (r) => [padded('replicate', r)]
}

const padded = (mode: 'reflect' | 'replicate', { of, attribute }: Recorded): Floats => {
  const [left = 0, right = 0, top = 0, bottom = 0] = list(attribute('pad'))
  const rank = of('x').shape.length
  return padEdges(mode, { axis: rank - 1, before: left, after: right }, { axis: rank - 2, before: top, after: bottom })(of('x'))
}
