import type { Compared, Matching } from './match.js'
import { blankMatching, compare, matchInto } from './match.js'
import type { EvaluationParameters, IouType } from './parameters.js'
import type { Group } from './prepare.js'

/** What became of a detection: false positive, true positive, or not counted. */
export const outcome = { false: 0, true: 1, ignored: 2 } as const

/** All detections N of a category, by descending score, equal ones by image, then by rank within their image. */
export interface Tally {
  readonly score: Float64Array
  /** Place within the image and category, from 0. */
  readonly rank: Int32Array
  /** `outcome` of each detection, [A, T, N]. */
  readonly outcomes: Uint8Array
  /** Ground truths that count, [A]. */
  readonly positives: Int32Array
}

/** Matches one category's images, given in ascending order, at all area ranges and thresholds. */
export type Tallier = (groups: readonly Group[]) => Tally

/** A tallier whose buffers serve one image after another. */
export const tallier = (iouType: IouType, parameters: EvaluationParameters): Tallier => {
  const { areaRng, iouThrs } = parameters
  const A = areaRng.length
  const T = iouThrs.length
  let buffers = blankMatching(0, T, 0, 0)
  let [roomD, roomG] = [0, 0]
  const room = (D: number, G: number): Matching => {
    if (D > roomD || G > roomG) {
      roomD = Math.max(roomD, 2 * D)
      roomG = Math.max(roomG, 2 * G)
      buffers = blankMatching(0, T, roomD, roomG)
    }
    return buffers
  }

  const record = ({ truths, detections, iou }: Compared, from: number, N: number, outcomes: Uint8Array, positives: Int32Array): void => {
    const D = detections.length
    const into = room(D, truths.length)
    for (let a = 0; a < A; a++) {
      positives[a] = (positives[a] ?? 0) + matchInto(into, areaRng[a] ?? [0, 0], truths, detections, iou, iouThrs)
      for (let t = 0; t < T; t++) {
        const start = (a * T + t) * N + from
        for (let d = 0; d < D; d++) {
          const g = into.truthOfDetection[t * D + d] ?? -1
          const hit = g >= 0 && truths[g]?.id !== 0
          outcomes[start + d] = into.detectionIgnored[t * D + d] === 1 ? outcome.ignored : hit ? outcome.true : outcome.false
        }
      }
    }
  }

  return (groups) => {
    const compared = groups.map((group) => compare(group, iouType, parameters))
    const N = compared.reduce((sum, { detections }) => sum + detections.length, 0)
    const score = new Float64Array(N)
    const rank = new Int32Array(N)
    const outcomes = new Uint8Array(A * T * N)
    const positives = new Int32Array(A)
    let next = 0
    for (const image of compared) {
      record(image, next, N, outcomes, positives)
      for (let d = 0; d < image.detections.length; d++) {
        score[next] = image.detections[d]?.score ?? 0
        rank[next++] = d
      }
    }
    return sorted({ score, rank, outcomes, positives })
  }
}

const sorted = ({ score, rank, outcomes, positives }: Tally): Tally => {
  const N = score.length
  const order = Uint32Array.from({ length: N }, (_, k) => k).sort((a, b) => (score[b] ?? 0) - (score[a] ?? 0) || a - b)
  const byScore = { score: new Float64Array(N), rank: new Int32Array(N), outcomes: new Uint8Array(outcomes.length), positives }
  for (let n = 0; n < N; n++) {
    const k = order[n] ?? 0
    byScore.score[n] = score[k] ?? 0
    byScore.rank[n] = rank[k] ?? 0
  }
  for (let start = 0; start < outcomes.length; start += N) {
    for (let n = 0; n < N; n++) byScore.outcomes[start + n] = outcomes[start + (order[n] ?? 0)] ?? 0
  }
  return byScore
}
