import type { ImageMatches } from './match.js'
import type { EvaluationParameters } from './parameters.js'

/** Arrays over thresholds T, recall levels R, categories K, area ranges A and detection limits M; −1 where nothing counts. */
export interface Curves {
  /** [T, R, K, A, M] */
  readonly shape: readonly [number, number, number, number, number]
  /** [T, R, K, A, M] */
  readonly precision: Float64Array
  /** [T, K, A, M] */
  readonly recall: Float64Array
  /** [T, R, K, A, M]: the score at which each recall is reached. */
  readonly scores: Float64Array
}

/** What `np.spacing(1)` is: keeps 0 / 0 from being NaN. */
const spacing = Number.EPSILON

/** The detections of all images in one order: by descending score, equal ones by image, then by rank. */
interface Ranked {
  readonly image: Int32Array
  readonly rank: Int32Array
  readonly score: Float64Array
}

const rankAll = (images: readonly ImageMatches[], limit: number): Ranked => {
  const count = images.reduce((sum, { detections }) => sum + Math.min(limit, detections.length), 0)
  const image = new Int32Array(count)
  const rank = new Int32Array(count)
  const score = new Float64Array(count)
  let next = 0
  images.forEach(({ detections }, i) => {
    for (let d = 0; d < Math.min(limit, detections.length); d++) {
      image[next] = i
      rank[next] = d
      score[next++] = detections[d]?.score ?? 0
    }
  })
  const order = Uint32Array.from({ length: count }, (_, k) => k).sort((a, b) => (score[b] ?? 0) - (score[a] ?? 0) || a - b)
  const permuted = <A extends Int32Array | Float64Array>(from: A, to: A): A => {
    order.forEach((k, position) => {
      to[position] = from[k] ?? 0
    })
    return to
  }
  return { image: permuted(image, new Int32Array(count)), rank: permuted(rank, new Int32Array(count)), score: permuted(score, new Float64Array(count)) }
}

/** Precision and recall over everything matched, by the reference's rule (`accumulate`). `matches` is by category, then image. */
export const accumulate = (matches: readonly (readonly ImageMatches[])[], { iouThrs, recThrs, areaRng, maxDets }: EvaluationParameters): Curves => {
  const [T, R, K, A, M] = [iouThrs.length, recThrs.length, matches.length, areaRng.length, maxDets.length]
  const precision = new Float64Array(T * R * K * A * M).fill(-1)
  const scores = new Float64Array(T * R * K * A * M).fill(-1)
  const recall = new Float64Array(T * K * A * M).fill(-1)
  matches.forEach((images, k) =>
    maxDets.forEach((limit, m) => {
      const ranked = rankAll(images, limit)
      const nd = ranked.score.length
      const rc = new Float64Array(nd)
      const pr = new Float64Array(nd)
      for (let a = 0; a < A; a++) {
        let positives = 0
        for (const { matchings } of images) for (const flag of matchings[a]?.truthIgnored ?? []) positives += 1 - flag
        if (positives === 0) continue
        for (let t = 0; t < T; t++) {
          let [tp, fp] = [0, 0]
          for (let n = 0; n < nd; n++) {
            const entry = images[ranked.image[n] ?? 0]
            const matching = entry?.matchings[a]
            if (entry === undefined || matching === undefined) continue
            const index = t * entry.detections.length + (ranked.rank[n] ?? 0)
            if (matching.detectionIgnored[index] === 0) {
              const g = matching.truthOfDetection[index] ?? -1
              if (g >= 0 && entry.truths[g]?.id !== 0) tp++
              else fp++
            }
            rc[n] = tp / positives
            pr[n] = tp / (fp + tp + spacing)
          }
          recall[((t * K + k) * A + a) * M + m] = nd === 0 ? 0 : (rc[nd - 1] ?? 0)
          for (let n = nd - 1; n > 0; n--) if ((pr[n] ?? 0) > (pr[n - 1] ?? 0)) pr[n - 1] = pr[n] ?? 0
          let n = 0
          for (let r = 0; r < R; r++) {
            const level = recThrs[r] ?? 0
            // Levels usually ascend, and then so do their places.
            if (r > 0 && level < (recThrs[r - 1] ?? 0)) n = 0
            while (n < nd && (rc[n] ?? 0) < level) n++
            const at = (((t * R + r) * K + k) * A + a) * M + m
            precision[at] = n < nd ? (pr[n] ?? 0) : 0
            scores[at] = n < nd ? (ranked.score[n] ?? 0) : 0
          }
        }
      }
    })
  )
  return { shape: [T, R, K, A, M], precision, recall, scores }
}
