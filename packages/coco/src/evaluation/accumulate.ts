import type { EvaluationParameters } from './parameters.js'
import { outcome } from './tally.js'
import type { Tally } from './tally.js'

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

/**
 * Precision at each true positive among detections of rank below `limit`, made non-increasing from the right. Between true positives
 * precision only falls and recall stands still, so these are all the points of the curve that can be looked up.
 */
interface Curve {
  readonly count: number
  readonly precision: Float64Array
  readonly score: Float64Array
}

const trace = ({ score, rank, outcomes }: Tally, row: number, limit: number, into: Curve): Curve => {
  const N = score.length
  let [tp, fp] = [0, 0]
  for (let n = 0; n < N; n++) {
    if ((rank[n] ?? 0) >= limit) continue
    const what = outcomes[row * N + n]
    if (what === outcome.true) {
      tp++
      into.precision[tp - 1] = tp / (fp + tp + spacing)
      into.score[tp - 1] = score[n] ?? 0
    } else if (what === outcome.false) fp++
  }
  for (let j = tp - 1; j > 0; j--) if ((into.precision[j] ?? 0) > (into.precision[j - 1] ?? 0)) into.precision[j - 1] = into.precision[j] ?? 0
  return { ...into, count: tp }
}

/** Precision and recall over everything matched, by the reference's rule (`accumulate`). `tallies` is by category. */
export const accumulate = (tallies: Iterable<Tally>, K: number, { iouThrs, recThrs, areaRng, maxDets }: EvaluationParameters): Curves => {
  const [T, R, A, M] = [iouThrs.length, recThrs.length, areaRng.length, maxDets.length]
  const precision = new Float64Array(T * R * K * A * M).fill(-1)
  const scores = new Float64Array(T * R * K * A * M).fill(-1)
  const recall = new Float64Array(T * K * A * M).fill(-1)
  let k = 0
  for (const tally of tallies) {
    const N = tally.score.length
    const buffers: Curve = { count: 0, precision: new Float64Array(N), score: new Float64Array(N) }
    for (let m = 0; m < M; m++) {
      const limit = maxDets[m] ?? 0
      const first = tally.rank.findIndex((rank) => rank < limit)
      const firstScore = tally.score[first] ?? 0
      for (let a = 0; a < A; a++) {
        const positives = tally.positives[a] ?? 0
        if (positives === 0) continue
        for (let t = 0; t < T; t++) {
          const curve = trace(tally, a * T + t, limit, buffers)
          recall[((t * K + k) * A + a) * M + m] = curve.count / positives
          let j = 0
          // Past the end the reference gives up: later levels stay 0, even where they are lower.
          let beyond = first < 0
          for (let r = 0; r < R; r++) {
            const level = recThrs[r] ?? 0
            const at = (((t * R + r) * K + k) * A + a) * M + m
            if (r > 0 && level < (recThrs[r - 1] ?? 0)) j = 0
            while (j < curve.count && (j + 1) / positives < level) j++
            // Recall 0 is reached by the first detection, whatever became of it.
            const everything = level <= 0
            beyond = beyond || (!everything && j >= curve.count)
            precision[at] = beyond || j >= curve.count ? 0 : (curve.precision[j] ?? 0)
            scores[at] = beyond ? 0 : everything ? firstScore : (curve.score[j] ?? 0)
          }
        }
      }
    }
    k++
  }
  return { shape: [T, R, K, A, M], precision, recall, scores }
}
