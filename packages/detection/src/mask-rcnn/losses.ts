import { logSoftmax, smoothL1Loss, binaryCrossEntropyWithLogits } from '@tabula/nn'
import { add, assume, cast, constant, div, expandDims, gather, integers, maximum, mul, neg, oneHot, reshape, roiAlign, slice, stopGradient, sub, sum, topK, total } from '@tabula/tensor'
import type { Shape, Tensor, TensorsOf } from '@tabula/tensor'
import type { BoxPrediction } from '../heads/box-head.js'
import type { LevelPrediction } from '../proposals/proposals.js'
import type { SampledRois } from '../roi/sampling.js'
import type { TrainingValues } from './batch.js'

type Real = Tensor<Shape, 'f32'>
type Batch = TensorsOf<TrainingValues>
export type Scalar = Tensor<readonly [], 'f32'>

const weighted = (losses: Real, weights: Real): Scalar => total(mul(losses, weights))

/** Objectness and regression losses of the drawn anchors (Faster R-CNN eq. 1), each a mean over all drawn anchors of the batch. */
export const rpnLosses = ({ logits, deltas }: LevelPrediction, { rpnLabel, rpnWeight, rpnBox }: Batch, beta: number): { readonly objectness: Scalar; readonly box: Scalar } => {
  const perAnchor = binaryCrossEntropyWithLogits({ reduction: 'none' })(logits, rpnLabel)
  const perNumber = smoothL1Loss({ beta, reduction: 'none' })(deltas, rpnBox)
  const positive: Real = mul(rpnWeight, rpnLabel)
  return { objectness: weighted(perAnchor, rpnWeight), box: weighted(perNumber, expandDims({ axis: 2 })(positive)) }
}

/** Classification and regression losses of the drawn regions (Fast R-CNN eq. 1), means over all drawn regions of the batch. */
export const boxLosses = ({ logits, deltas }: BoxPrediction, rois: SampledRois, classes: number, beta: number): { readonly classifier: Scalar; readonly box: Scalar } => {
  const r = logits.shape[0] ?? 0
  const chosen = oneHot({ size: classes })(rois.labels)
  const likelihood = sum({ axes: [1] })(mul(logSoftmax({ axis: 1 })(logits), chosen) as Real)
  const own = sum({ axes: [1] })(mul(reshape([r, classes, 4])(deltas), reshape([r, classes, 1])(chosen)) as Real)
  const perNumber = smoothL1Loss({ beta, reduction: 'none' })(own, rois.targets)
  const share: Real = div(1, rois.count)
  return {
    classifier: weighted(neg(likelihood), mul(rois.valid, share)),
    box: weighted(perNumber, expandDims({ axis: 1 })(mul(rois.positive, share) as Real))
  }
}

/** Positive regions first, in order: at most `capacity` of the R rows, with the flag of each. */
export interface PositiveRois {
  readonly boxes: Real
  readonly image: Tensor<Shape, 'i32'>
  readonly labels: Tensor<Shape, 'i32'>
  /** Which row of the batch's masks each matches. */
  readonly maskRow: Tensor<Shape, 'i32'>
  readonly positive: Real
}

/** The positive regions of a batch, whose objects are padded to `objects` an image. */
export const positiveRois = (rois: SampledRois, capacity: number, objects: number): PositiveRois => {
  const first = topK({ k: capacity })(rois.positive)
  const pick = <D extends 'f32' | 'i32'>(x: Tensor<Shape, D>): Tensor<Shape, D> => gather(first.indices, { axis: 0 })(x)
  const image = pick<'i32'>(rois.image)
  return {
    boxes: pick<'f32'>(rois.boxes),
    image,
    labels: pick<'i32'>(rois.labels),
    maskRow: add(mul(image, objects), pick<'i32'>(rois.object)),
    positive: first.values
  }
}

/** The first `rows` of the positive regions. */
export const firstRows = ({ boxes, image, labels, maskRow, positive }: PositiveRois, rows: number): PositiveRois => {
  const first = <D extends 'f32' | 'i32'>(x: Tensor<Shape, D>): Tensor<Shape, D> => assume(slice({ axis: 0, limit: rows })(x))
  return { boxes: first(boxes), image: first(image), labels: first(labels), maskRow: first(maskRow), positive: first(positive) }
}

/**
 * Targets of the mask branch `[P, 2·size, 2·size]`: each matched object's mask pooled over its region (torchvision's
 * `project_masks_on_boxes`: RoIAlign with adaptive sampling, legacy alignment; soft values).
 */
export const maskTargets = ({ boxes, maskRow }: PositiveRois, masks: Tensor<Shape, 'bool'>, size: number): Real => {
  const p = boxes.shape[0] ?? 0
  const level = constant(integers([p], new Array<number>(p).fill(0)))
  // Each object's mask is an image of its own, so no copies for regions that share one are made.
  const bitmaps: Real = expandDims({ axis: 1 })(cast('f32')(masks))
  const pooled = roiAlign({ outputSize: [size, size], samplingRatio: 0, scales: [1], aligned: false })([bitmaps], { boxes, image: maskRow, level })
  return stopGradient(reshape([p, size, size])(pooled))
}

/** Mean binary cross entropy over positive regions and their pixels (Mask R-CNN §3). */
export const maskLoss = (logits: Real, targets: Real, positive: Real): Scalar => {
  const [p = 0, h = 0, w = 0] = logits.shape
  const perPixel = binaryCrossEntropyWithLogits({ reduction: 'none' })(logits, targets)
  const share: Real = div(positive, maximum(mul(total(positive), h * w), 1))
  return weighted(perPixel, reshape([p, 1, 1])(share))
}

/** The sum of losses. */
export const totalLoss = (losses: Readonly<Record<string, Scalar>>): Scalar => assume(Object.values(losses).reduce<Real>((a, b) => add(a, b), sub(0, 0)))
