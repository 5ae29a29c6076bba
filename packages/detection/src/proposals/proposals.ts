import { and, assume, concatenate, constant, floats, gather, greater, greaterEqual, nms, reshape, select, slice, stopGradient, topK } from '@tabula/tensor'
import type { Shape, Tensor } from '@tabula/tensor'
import type { Anchors } from '../anchors/anchors.js'
import { decodeBoxes, largestGrowth } from '../boxes/coder.js'
import { clipBoxes, hasSides } from '../boxes/geometry.js'
import type { BoxOffset } from '../boxes/geometry.js'

type Real = Tensor<Shape, 'f32'>

/** How proposals are chosen (Faster R-CNN §3.3; torchvision's `RegionProposalNetwork.filter_proposals`). */
export interface ProposalOptions {
  /** Kept of each level before suppression, by score. */
  readonly preNms: number
  /** Kept of an image in the end, or of the whole batch. */
  readonly postNms: number
  /** What `postNms` counts: an image (where not given), or all images of the batch together (Detectron in training). */
  readonly over?: 'image' | 'batch'
  /** IoU with a better proposal of its level from which on a proposal goes. */
  readonly nmsThreshold: number
  /** Whether a proposal goes at an overlap of the threshold (Detectron), not only above it. */
  readonly inclusive?: boolean
  /** Smallest side, in pixels. */
  readonly minSize: number
}

/** One level's predictions: `[N, A]` objectness logits and `[N, A, 4]` deltas, by row, column and anchor. */
export interface LevelPrediction {
  readonly logits: Real
  readonly deltas: Real
}

/** A fixed number of proposals an image: `[N, P, 4]`, best first; those beyond the ones found are not valid. */
export interface Proposals {
  readonly boxes: Real
  readonly scores: Real
  readonly valid: Tensor<Shape, 'bool'>
}

const never = Number.NEGATIVE_INFINITY

/** Proposals of a batch. No derivative flows through them. */
export const proposalsFrom = (
  levels: readonly LevelPrediction[],
  anchors: Anchors,
  imageSizes: Real,
  { preNms, postNms, over = 'image', nmsThreshold, inclusive = false, minSize }: ProposalOptions,
  offset: BoxOffset = 0
): Proposals => {
  const candidates = levels.map(({ logits, deltas }, level) => {
    const corners = anchors.perLevel[level] ?? new Float32Array()
    const best = topK({ k: Math.min(preNms, corners.length / 4) })(stopGradient(logits))
    const chosen = gather(best.indices, { axis: 1, batchDims: 1 })(stopGradient(deltas))
    const reference = gather(best.indices, { axis: 0 })(constant(floats([corners.length / 4, 4], corners)))
    const boxes = clipBoxes(decodeBoxes([1, 1, 1, 1], largestGrowth, offset)(chosen, reference), imageSizes, offset)
    const scores: Real = assume(select(hasSides(boxes, minSize, offset), best.values, never))
    const keep = nms({ iouThreshold: nmsThreshold, inclusive, offset })(boxes, scores)
    return { boxes, scores: assume<Shape, 'f32'>(select(keep, scores, never)) }
  })
  const scores = concatenate({ axis: 1 })(candidates.map((level) => level.scores))
  const boxes = concatenate({ axis: 1 })(candidates.map((level) => level.boxes))
  const [n = 0, count = 0] = scores.shape
  const best = topK({ k: Math.min(postNms, count) })(scores)
  const found = greater(best.values, never)
  const valid = over === 'image' || n * count <= postNms ? found : and(found, greaterEqual(best.values, lowestOf(reshape([1, n * count])(scores), postNms)))
  return { boxes: gather(best.indices, { axis: 1, batchDims: 1 })(boxes), scores: best.values, valid }
}

/** The k-th largest of `[1, S]`: `[1, 1]`. */
const lowestOf = (scores: Real, k: number): Real => slice({ axis: 1, start: k - 1, limit: k })<Shape, 'f32'>(topK({ k })(scores).values)
