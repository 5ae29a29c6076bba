import { logSoftmax, smoothL1Loss, binaryCrossEntropyWithLogits } from '@tabula/nn'
import { add, assume, cast, constant, div, expandDims, gather, greaterEqual, integers, maximum, mul, neg, oneHot, reshape, roiAlign, slice, stopGradient, sub, sum, topK, total } from '@tabula/tensor'
import type { Shape, Tensor, TensorsOf } from '@tabula/tensor'
import type { MaskTargetConvention } from '../conventions/conventions.js'
import type { BoxPrediction } from '../heads/box-predictor.js'
import type { LevelPrediction } from '../proposals/proposals.js'
import type { SampledRois } from '../roi/sampling.js'
import type { RcnnValues } from './batch.js'

type Real = Tensor<Shape, 'f32'>
type Batch = TensorsOf<RcnnValues>

/** A single number of rank 0, such as a loss. */
export type Scalar = Tensor<readonly [], 'f32'>

const weighted = (losses: Real, weights: Real): Scalar => total(mul(losses, weights))

/** Objectness and regression losses of the drawn anchors (Faster R-CNN eq. 1), weighted by `rpnWeight` and `rpnBoxWeight`. */
export const rpnLosses = ({ logits, deltas }: LevelPrediction, { rpnLabel, rpnWeight, rpnBox, rpnBoxWeight }: Pick<Batch, 'rpnLabel' | 'rpnWeight' | 'rpnBox' | 'rpnBoxWeight'>, beta: number): { readonly objectness: Scalar; readonly box: Scalar } => {
  const perAnchor = binaryCrossEntropyWithLogits({ reduction: 'none' })(logits, rpnLabel)
  const perNumber = smoothL1Loss({ beta, reduction: 'none' })(deltas, rpnBox)
  return { objectness: weighted(perAnchor, rpnWeight), box: weighted(perNumber, expandDims({ axis: 2 })(rpnBoxWeight)) }
}

/** Classification and regression losses of the drawn regions (Fast R-CNN eq. 1), means over all drawn regions of the batch. */
export const boxLosses = ({ logits, deltas }: BoxPrediction, rois: SampledRois, classes: number, beta: number): { readonly classifier: Scalar; readonly box: Scalar } => {
  const r = logits.shape[0] ?? 0
  const chosen = oneHot({ size: classes })(rois.labels)
  const likelihood = sum({ axes: [1] })(mul(logSoftmax({ axis: 1 })(logits), chosen) as Real)
  const own = deltasOfLabels(reshape([r, -1, 4])(deltas), chosen)
  const perNumber = smoothL1Loss({ beta, reduction: 'none' })(own, rois.targets)
  const share: Real = div(1, rois.count)
  return {
    classifier: weighted(neg(likelihood), mul(rois.valid, share)),
    box: weighted(perNumber, expandDims({ axis: 1 })(mul(rois.positive, share) as Real))
  }
}

/** Of deltas `[R, M, 4]` those of each region's class, by its one-hot `[R, K]`: of all classes, of the objects' K − 1, or one for all. */
const deltasOfLabels = (deltas: Real, chosen: Real): Real => {
  const [r = 0, m = 0] = deltas.shape
  const [, classes = 0] = chosen.shape
  const ofObjects: Real = m === classes ? chosen : slice({ axis: 1, start: classes - m })(chosen)
  return m === 1 ? reshape([r, 4])(deltas) : sum({ axes: [1] })(mul(deltas, reshape([r, m, 1])(ofObjects)) as Real)
}

/** Positive regions first, in order: at most `capacity` of the R rows, with the flag of each. */
export interface PositiveRois {
  readonly boxes: Real
  readonly image: Tensor<Shape, 'i32'>
  readonly labels: Tensor<Shape, 'i32'>
  /** Which of the batch's N · G objects each matches: a row of its masks. */
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
 * Targets of the mask branch `[P, 2·size, 2·size]`: each matched object's mask pooled over its region, with adaptive sampling. Soft values in
 * legacy alignment (torchvision's `project_masks_on_boxes`), where the convention does not say otherwise; bits where it has a threshold
 * (detectron2's `BitMasks.crop_and_resize`).
 */
export const maskTargets = ({ boxes, maskRow }: Pick<PositiveRois, 'boxes' | 'maskRow'>, masks: Tensor<Shape, 'bool'>, size: number, { aligned, threshold }: MaskTargetConvention = { aligned: false }): Real => {
  const p = boxes.shape[0] ?? 0
  const level = constant(integers([p], new Array<number>(p).fill(0)))
  // Each object's mask is an image of its own, so no copies for regions that share one are made.
  const bitmaps: Real = expandDims({ axis: 1 })(cast('f32')(masks))
  const pooled = reshape([p, size, size])(roiAlign({ outputSize: [size, size], samplingRatio: 0, scales: [1], aligned })([bitmaps], { boxes, image: maskRow, level }))
  return stopGradient(threshold === undefined ? pooled : cast('f32')(greaterEqual(pooled, threshold)))
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
