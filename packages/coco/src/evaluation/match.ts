import { boxIou, maskIou } from '../mask/iou.js'
import type { Rle } from '../mask/rle.js'
import { oks } from './oks.js'
import type { EvaluationParameters, IouType } from './parameters.js'
import type { Detection, Group, Truth } from './prepare.js'

/** One image and category at one area range. Arrays over thresholds and detections are flat, [T, D] and [T, G]. */
export interface Matching {
  readonly areaIndex: number
  /** Index into `truths`, or −1. */
  readonly truthOfDetection: Int32Array
  /** Index into `detections`, or −1. */
  readonly detectionOfTruth: Int32Array
  readonly detectionIgnored: Uint8Array
  /** Ground truths in the order of matching: those that count first. */
  readonly order: Int32Array
  /** By position in `order`. */
  readonly truthIgnored: Uint8Array
}

/** One image and category: what was compared, and how it matched at every area range. */
export interface ImageMatches {
  readonly truths: readonly Truth[]
  /** Best first, cut to the largest `maxDets`. */
  readonly detections: readonly Detection[]
  readonly iou: Float64Array
  readonly matchings: readonly Matching[]
}

const flatBoxes = (boxes: readonly { readonly box: readonly number[] }[]): Float64Array => {
  const flat = new Float64Array(boxes.length * 4)
  for (let k = 0; k < boxes.length; k++) {
    const [x = 0, y = 0, w = 0, h = 0] = boxes[k]?.box ?? []
    flat[4 * k] = x
    flat[4 * k + 1] = y
    flat[4 * k + 2] = w
    flat[4 * k + 3] = h
  }
  return flat
}

const masksOf = (entries: readonly { readonly mask: Rle | undefined }[]): readonly Rle[] => entries.flatMap(({ mask }) => (mask === undefined ? [] : [mask]))

const similarity = (detections: readonly Detection[], truths: readonly Truth[], iouType: IouType, sigmas: readonly number[]): Float64Array => {
  const crowd = truths.map((truth) => truth.crowd)
  switch (iouType) {
    case 'bbox':
      return boxIou(flatBoxes(detections), flatBoxes(truths), crowd)
    case 'segm':
      return maskIou(masksOf(detections), masksOf(truths), crowd)
    case 'keypoints':
      return oks(detections, truths, sigmas)
  }
}

/** A matching to be filled, for `T` thresholds, `D` detections and `G` ground truths. */
export const blankMatching = (areaIndex: number, T: number, D: number, G: number): Matching => ({
  areaIndex,
  truthOfDetection: new Int32Array(T * D),
  detectionOfTruth: new Int32Array(T * G),
  detectionIgnored: new Uint8Array(T * D),
  order: new Int32Array(G),
  truthIgnored: new Uint8Array(G)
})

/** Orders the ground truths, those that count at this area range first. Returns how many count. */
const orderTruths = (truths: readonly Truth[], low: number, high: number, { order, truthIgnored }: Matching): number => {
  let counting = 0
  for (let pass = 0, next = 0; pass < 2; pass++) {
    for (let g = 0; g < truths.length; g++) {
      const truth = truths[g]
      if (truth === undefined || (truth.ignore || truth.area < low || truth.area > high) !== (pass === 1)) continue
      truthIgnored[next] = pass
      order[next++] = g
    }
    if (pass === 0) counting = next
  }
  return counting
}

/** The largest similarity of a detection; infinite where one is not a number, which the reference takes for a match. */
const largest = (iou: Float64Array, d: number, G: number): number => {
  let most = -Infinity
  for (let index = d * G; index < (d + 1) * G; index++) {
    const value = iou[index] ?? 0
    if (!(value <= most)) most = Number.isNaN(value) ? Infinity : value
  }
  return most
}

/**
 * Greedy matching at every threshold, by the reference's rule (`evaluateImg`), into the first entries of `into`, whose arrays may be longer
 * than needed. `iou` is [D, G]. Returns how many ground truths count.
 */
export const matchInto = (into: Matching, range: readonly [number, number], truths: readonly Truth[], detections: readonly Detection[], iou: Float64Array, thresholds: readonly number[]): number => {
  const D = detections.length
  const G = truths.length
  const T = thresholds.length
  const [low, high] = range
  const { truthOfDetection, detectionOfTruth, detectionIgnored, order, truthIgnored } = into
  const counting = orderTruths(truths, low, high, into)
  truthOfDetection.fill(-1, 0, T * D)
  detectionOfTruth.fill(-1, 0, T * G)
  for (let d = 0; d < D; d++) {
    const own = detections[d]?.area ?? 0
    const outside = own < low || own > high ? 1 : 0
    const most = largest(iou, d, G)
    for (let t = 0; t < T; t++) {
      const index = t * D + d
      let best = Math.min(thresholds[t] ?? 0, 1 - 1e-10)
      let match = -1
      const comparable = most >= best
      for (let position = 0; comparable && position < G; position++) {
        if (match >= 0 && match < counting && position >= counting) break
        const g = order[position] ?? 0
        if ((detectionOfTruth[t * G + g] ?? -1) >= 0 && truths[g]?.crowd !== true) continue
        const value = iou[d * G + g] ?? 0
        if (value < best) continue
        best = value
        match = position
      }
      if (match < 0) detectionIgnored[index] = outside
      else {
        const g = order[match] ?? 0
        truthOfDetection[index] = g
        detectionOfTruth[t * G + g] = d
        // Ids double as "matched" in the reference, so a ground truth of id 0 leaves its detection unmatched.
        detectionIgnored[index] = truthIgnored[match] === 1 || (truths[g]?.id === 0 && outside === 1) ? 1 : 0
      }
    }
  }
  return counting
}

/** What is compared in one image and category: the best detections, up to the largest `maxDets`, and their similarity to each ground truth. */
export interface Compared {
  readonly truths: readonly Truth[]
  readonly detections: readonly Detection[]
  readonly iou: Float64Array
}

const nothing = new Float64Array()

/** Sorts the detections, best first (equal scores in file order), cuts them off, and compares them with the ground truths. */
export const compare = ({ truths, detections }: Group, iouType: IouType, { maxDets, sigmas, useCats }: EvaluationParameters): Compared => {
  const best = detections.length < 2 ? detections : [...detections].sort((a, b) => b.score - a.score)
  const kept = best.slice(0, maxDets.at(-1) ?? 0)
  if (kept.length === 0 || truths.length === 0) return { truths, detections: kept, iou: nothing }
  // The reference looks keypoints up by category even where categories are pooled, finds none, and matches nothing.
  const iou = iouType === 'keypoints' && !useCats ? new Float64Array(kept.length * truths.length).fill(-1) : similarity(kept, truths, iouType, sigmas)
  return { truths, detections: kept, iou }
}

/** Matches one image and category at all area ranges; `undefined` where there is nothing. */
export const matchImage = (group: Group, iouType: IouType, parameters: EvaluationParameters): ImageMatches | undefined => {
  if (group.truths.length === 0 && group.detections.length === 0) return undefined
  const { truths, detections, iou } = compare(group, iouType, parameters)
  const matchings = parameters.areaRng.map((range, areaIndex) => {
    const matching = blankMatching(areaIndex, parameters.iouThrs.length, detections.length, truths.length)
    matchInto(matching, range, truths, detections, iou, parameters.iouThrs)
    return matching
  })
  return { truths, detections, iou, matchings }
}
