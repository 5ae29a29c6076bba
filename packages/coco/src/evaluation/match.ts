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
  boxes.forEach(({ box }, index) => flat.set(box, index * 4))
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

/** Greedy matching at every threshold, by the reference's rule (`evaluateImg`). */
const matchAt = (areaIndex: number, range: readonly [number, number], truths: readonly Truth[], detections: readonly Detection[], iou: Float64Array, thresholds: readonly number[]): Matching => {
  const [D, G, T] = [detections.length, truths.length, thresholds.length]
  const ignored = truths.map((truth) => truth.ignore || truth.area < range[0] || truth.area > range[1])
  const order = new Int32Array(G)
  const truthIgnored = new Uint8Array(G)
  let next = 0
  for (const wanted of [false, true]) {
    for (let g = 0; g < G; g++) {
      if (ignored[g] !== wanted) continue
      truthIgnored[next] = wanted ? 1 : 0
      order[next++] = g
    }
  }
  const truthOfDetection = new Int32Array(T * D).fill(-1)
  const detectionOfTruth = new Int32Array(T * G).fill(-1)
  const detectionIgnored = new Uint8Array(T * D)
  for (let t = 0; t < T; t++) {
    for (let d = 0; d < D; d++) {
      let best = Math.min(thresholds[t] ?? 0, 1 - 1e-10)
      let match = -1
      for (let position = 0; position < G; position++) {
        const g = order[position] ?? 0
        if ((detectionOfTruth[t * G + g] ?? -1) >= 0 && truths[g]?.crowd !== true) continue
        if (match > -1 && truthIgnored[match] === 0 && truthIgnored[position] === 1) break
        const value = iou[d * G + g] ?? 0
        if (value < best || Number.isNaN(value)) continue
        best = value
        match = position
      }
      const index = t * D + d
      if (match > -1) {
        const g = order[match] ?? 0
        detectionIgnored[index] = truthIgnored[match] ?? 0
        truthOfDetection[index] = g
        detectionOfTruth[t * G + g] = d
      }
      // Ids double as "matched" in the reference, so a ground truth of id 0 leaves its detection unmatched.
      const unmatched = match < 0 || truths[order[match] ?? 0]?.id === 0
      const own = detections[d]?.area ?? 0
      if (unmatched && (own < range[0] || own > range[1])) detectionIgnored[index] = 1
    }
  }
  return { areaIndex, truthOfDetection, detectionOfTruth, detectionIgnored, order, truthIgnored }
}

/** Matches one image and category at all area ranges; `undefined` where there is nothing. */
export const matchImage = ({ truths, detections }: Group, iouType: IouType, { iouThrs, maxDets, areaRng, sigmas }: EvaluationParameters): ImageMatches | undefined => {
  if (truths.length === 0 && detections.length === 0) return undefined
  const best = [...detections].sort((a, b) => b.score - a.score).slice(0, maxDets.at(-1) ?? 0)
  const iou = similarity(best, truths, iouType, sigmas)
  return { truths, detections: best, iou, matchings: areaRng.map((range, index) => matchAt(index, range, truths, best, iou, iouThrs)) }
}
