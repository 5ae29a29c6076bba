import { add, argmax, cast, concatenate, constant, equal, floats, gather, greater, greaterEqual, integers, max, maximum, mul, reshape, select, slice, stopGradient, sub, topK, total, assume } from '@tabula/tensor'
import type { Shape, Tensor } from '@tabula/tensor'
import { encodeBoxes } from '../boxes/coder.js'
import type { CoderWeights } from '../boxes/coder.js'
import { pairwiseIou } from '../boxes/geometry.js'
import type { BoxOffset } from '../boxes/geometry.js'
import type { Proposals } from '../proposals/proposals.js'

type Real = Tensor<Shape, 'f32'>
type Integers = Tensor<Shape, 'i32'>

/** Objects of a batch, padded to G an image. */
export interface GroundTruth {
  /** `[N, G, 4]` */
  readonly boxes: Real
  /** `[N, G]`, 1 … K. */
  readonly labels: Integers
  /** `[N, G]`: 1 for objects, 0 for padding. */
  readonly valid: Real
}

/** Which regions the heads are trained on (Fast R-CNN §2.3). */
export interface RoiSamplingOptions {
  /** Regions drawn from an image. */
  readonly batch: number
  /** At most this share of them is positive (at least one region may be). */
  readonly positiveFraction: number
  /** Regions that overlap an object this much or more are positive. */
  readonly foreground: number
  /** What regression targets are multiplied by: (10, 10, 5, 5) in all systems. */
  readonly coderWeights: CoderWeights
}

/** R = N · batch regions; all but `boxes` are flat over them. Invalid rows carry zero weight everywhere. */
export interface SampledRois {
  /** `[R, 4]` */
  readonly boxes: Real
  /** `[R]` */
  readonly image: Integers
  /** `[R]`: 1 for regions that were drawn. */
  readonly valid: Real
  /** `[R]`: 1 for positive ones. */
  readonly positive: Real
  /** `[R]`: the object's label, 0 for background. */
  readonly labels: Integers
  /** `[R]`: which of its image's G objects a region matches. */
  readonly object: Integers
  /** `[R, 4]`: regression targets, 0 where not positive. */
  readonly targets: Real
  /** Number of regions drawn, at least 1. */
  readonly count: Real
}

/** A box whose encoding is finite, for rows that do not count. */
const harmless = [0, 0, 8, 8]

/**
 * Draws regions from proposals and ground-truth boxes: up to batch · positiveFraction positive ones, the rest background; of each kind those
 * of the highest `priority` `[N, P + G]`, distinct numbers in (0, 1). No derivative flows through it.
 */
export const sampleRois = (proposals: Proposals, truth: GroundTruth, priority: Real, { batch, positiveFraction, foreground, coderWeights }: RoiSamplingOptions, offset: BoxOffset = 0): SampledRois => {
  const [n = 0, g = 0] = truth.valid.shape
  // Small images have fewer candidates than are drawn: rows without validity or priority fill up.
  const missing = Math.max(0, batch - (proposals.boxes.shape[1] ?? 0) - g)
  const filled = (rows: readonly Real[], ...rest: readonly number[]): Real =>
    concatenate({ axis: 1 })<Shape, 'f32'>(missing === 0 ? rows : [...rows, constant(floats([n, missing, ...rest], new Float32Array(n * missing * (rest[0] ?? 1))))])
  const boxes = stopGradient(filled([proposals.boxes, truth.boxes], 4))
  const valid = filled([cast('f32')(proposals.valid), truth.valid])
  const rank = filled([priority])
  const raw = pairwiseIou(boxes, truth.boxes, offset)
  // A padded object, or 0 / 0 of two boxes without area, matches nothing.
  const counts = greater(mul(truth.valid, 1), 0.5)
  const iou: Real = assume(select(equal(raw, raw), select(reshape([n, 1, g])(counts), raw, -1), -1))
  const best = max({ axes: [2] })(iou)
  const object = argmax({ axis: 2 })(iou)
  const positive: Real = mul(cast('f32')(greaterEqual(best, foreground)), valid)
  const background: Real = sub(valid, positive)
  const most = Math.max(1, Math.floor(batch * positiveFraction))
  const ranked: Real = mul(positive, rank)
  const lowest = slice({ axis: 1, start: most - 1, limit: most })<Shape, 'f32'>(topK({ k: most })(ranked).values)
  const chosen: Real = mul(positive, cast('f32')(greaterEqual(ranked, lowest)))
  // Positive ones above 2, background in (0, 1), the rest 0.
  const key: Real = add(mul(chosen, add(rank, 2)), mul(background, rank))
  const drawn = topK({ k: batch })(key)
  const flat = <D extends 'f32' | 'i32'>(x: Tensor<Shape, D>): Tensor<Shape, D> => reshape([-1, ...x.shape.slice(2)])(x)
  const pick = <D extends 'f32' | 'i32'>(x: Tensor<Shape, D>, at: Integers): Tensor<Shape, D> => gather(at, { axis: 1, batchDims: 1 })(x)
  const isValid = flat<'f32'>(cast('f32')(greater(drawn.values, 0)))
  const isPositive = flat<'f32'>(cast('f32')(greater(drawn.values, 1.5)))
  const rois = flat<'f32'>(pick<'f32'>(boxes, drawn.indices))
  const matched = pick<'i32'>(object, drawn.indices)
  const safe = (x: Real): Real => assume(select(greater(reshape([-1, 1])(isPositive), 0.5), x, constant(floats([1, 4], harmless))))
  const targets = encodeBoxes(coderWeights, offset)(safe(flat<'f32'>(pick<'f32'>(truth.boxes, matched))), safe(rois))
  return {
    boxes: rois,
    image: constant(integers([n * batch], Array.from({ length: n * batch }, (_, row) => Math.floor(row / batch)))),
    valid: isValid,
    positive: isPositive,
    labels: mul(flat<'i32'>(pick<'i32'>(truth.labels, matched)), cast('i32')(isPositive)),
    object: flat<'i32'>(matched),
    targets,
    count: maximum(total(isValid), 1)
  }
}
