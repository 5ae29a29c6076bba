import { assume, concatenate, constant, floats, gather, greater, nms, select, stopGradient, topK } from '@tabula/tensor'
import type { Shape, Tensor } from '@tabula/tensor'
import type { Anchors } from '../anchors/anchors.js'
import { decodeBoxes } from '../boxes/coder.js'
import { clipBoxes, hasSides } from '../boxes/geometry.js'

type Real = Tensor<Shape, 'f32'>

/** How proposals are chosen (Faster R-CNN §3.3; torchvision's `RegionProposalNetwork.filter_proposals`). */
export interface ProposalOptions {
  /** Kept of each level before suppression, by score. */
  readonly preNms: number
  /** Kept of an image in the end. */
  readonly postNms: number
  readonly nmsThreshold: number
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
export const proposalsFrom = (levels: readonly LevelPrediction[], anchors: Anchors, imageSizes: Real, { preNms, postNms, nmsThreshold, minSize }: ProposalOptions): Proposals => {
  const candidates = levels.map(({ logits, deltas }, level) => {
    const corners = anchors.perLevel[level] ?? new Float32Array()
    const best = topK({ k: Math.min(preNms, corners.length / 4) })(stopGradient(logits))
    const chosen = gather(best.indices, { axis: 1, batchDims: 1 })(stopGradient(deltas))
    const reference = gather(best.indices, { axis: 0 })(constant(floats([corners.length / 4, 4], corners)))
    const boxes = clipBoxes(decodeBoxes([1, 1, 1, 1])(chosen, reference), imageSizes)
    const scores: Real = assume(select(hasSides(boxes, minSize), best.values, never))
    const keep = nms({ iouThreshold: nmsThreshold })(boxes, scores)
    return { boxes, scores: assume<Shape, 'f32'>(select(keep, scores, never)) }
  })
  const scores = concatenate({ axis: 1 })(candidates.map((level) => level.scores))
  const boxes = concatenate({ axis: 1 })(candidates.map((level) => level.boxes))
  const best = topK({ k: Math.min(postNms, scores.shape[1] ?? 0) })(scores)
  return { boxes: gather(best.indices, { axis: 1, batchDims: 1 })(boxes), scores: best.values, valid: greater(best.values, never) }
}
