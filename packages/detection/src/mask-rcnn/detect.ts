import { softmax } from '@tabula/nn'
import { add, and, assume, broadcastTo, cast, constant, floats, gather, greater, integers, iota, mul, nms, reshape, select, slice, topK, transpose } from '@tabula/tensor'
import type { Shape, Tensor } from '@tabula/tensor'
import { decodeBoxes, largestGrowth } from '../boxes/coder.js'
import type { CoderWeights } from '../boxes/coder.js'
import { clipBoxes, hasSides } from '../boxes/geometry.js'
import type { BoxOffset } from '../boxes/geometry.js'
import type { DetectionOptions } from '../conventions/conventions.js'
import type { BoxPrediction } from '../heads/box-predictor.js'
import type { Proposals } from '../proposals/proposals.js'

type Real = Tensor<Shape, 'f32'>

/** Detections of a batch, D an image, best first; those that are not valid are padding. */
export interface BoxDetections {
  /** `[N, D, 4]` in pixels of the padded images. */
  readonly boxes: Real
  /** `[N, D]` */
  readonly scores: Real
  /** `[N, D]`, 1 … K − 1. */
  readonly labels: Tensor<Shape, 'i32'>
  readonly valid: Tensor<Shape, 'bool'>
}

const never = Number.NEGATIVE_INFINITY

/** Boxes of every class from predictions for `[N, P]` proposals: score threshold, suppression by class, the best of all classes. */
export const detectBoxes = (
  { logits, deltas }: BoxPrediction,
  proposals: Proposals,
  imageSizes: Real,
  classes: number,
  coder: CoderWeights,
  options: DetectionOptions,
  offset: BoxOffset = 0
): BoxDetections => {
  const [n = 0, p = 0] = proposals.scores.shape
  const objects = classes - 1
  const probabilities = slice({ axis: 2, start: 1 })<Shape, 'f32'>(reshape([n, p, classes])(softmax({ axis: 1 })(logits)))
  const decoded = decodeBoxes(coder, largestGrowth, offset)(deltasOfObjects(reshape([n, p, -1, 4])(deltas), objects), reshape([n, p, 1, 4])(proposals.boxes))
  const byClass = transpose([0, 2, 1, 3])<Shape, 'f32'>(reshape([n, p, objects, 4])(decoded))
  const boxes = clipBoxes(reshape([n, objects * p, 4])(byClass), imageSizes, offset)
  const raw = reshape([n, objects * p])(transpose([0, 2, 1])<Shape, 'f32'>(probabilities))
  const real: Tensor<Shape, 'bool'> = and(greater(raw, options.scoreThreshold), hasSides(boxes, options.minSize, offset))
  const exists = reshape([n, 1, p])(proposals.valid)
  const counted = and(reshape([n, objects, p])(real), exists)
  const scores: Real = assume(select(counted, reshape([n, objects, p])(raw), never))
  const keep = nms({ iouThreshold: options.nmsThreshold, inclusive: options.inclusive ?? false, offset })(reshape([n * objects, p, 4])(boxes), reshape([n * objects, p])(scores))
  const kept: Real = assume(select(keep, reshape([n * objects, p])(scores), never))
  const best = topK({ k: Math.min(options.count, objects * p) })(reshape([n, objects * p])(kept))
  const valid = greater(best.values, never)
  const label = reshape([objects * p])(
    constant(
      integers(
        [objects * p],
        Array.from({ length: objects * p }, (_, k) => Math.floor(k / p) + 1)
      )
    )
  )
  return {
    boxes: gather(best.indices, { axis: 1, batchDims: 1 })(boxes),
    scores: assume(select(valid, best.values, 0)),
    labels: gather(best.indices, { axis: 0 })(label),
    valid
  }
}

/** Deltas `[…, M, 4]` for each of the objects' classes: without the background's, or one box for all of them. */
const deltasOfObjects = (deltas: Real, objects: number): Real => {
  const [n = 0, p = 0, m = 0] = deltas.shape
  return m === objects ? deltas : m === 1 ? broadcastTo([n, p, objects, 4])(deltas) : slice({ axis: 2, start: 1 })<Shape, 'f32'>(deltas)
}

/** The image of each of D regions of N images: `[N·D]`. */
export const imageOfRows = (n: number, d: number): Tensor<Shape, 'i32'> => reshape([n * d])(add(mul(iota('i32', [n, d], { axis: 0 }), 1), cast('i32')(constant(floats([1, 1], [0])))))
