import type { Curves } from './accumulate.js'
import { mean } from './mean.js'
import type { EvaluationParameters, IouType } from './parameters.js'

/** One summary number and what it is. */
export interface Statistic {
  readonly name: string
  readonly kind: 'precision' | 'recall'
  readonly iouThreshold: number | undefined
  readonly area: string
  readonly maxDets: number
  readonly value: number
}

interface Query {
  readonly name: string
  readonly kind: 'precision' | 'recall'
  readonly iouThreshold?: number
  readonly area?: string
  readonly maxDets: number
}

/** The entries of one area range and detection limit that count (> −1), by threshold, recall level, then category, as the reference lists them. */
const counted = (
  { shape: [T, R, K, A, M], precision, recall }: Curves,
  { kind, a, m, thresholds, categories }: { readonly kind: Query['kind']; readonly a: number; readonly m: number; readonly thresholds?: (t: number) => boolean; readonly categories?: readonly [number, number] }
): ArrayLike<number> => {
  const [table, levels] = kind === 'recall' ? [recall, 1] : [precision, R]
  const [first, end] = categories ?? [0, K]
  const values = new Float64Array(T * levels * (end - first))
  let count = 0
  for (let t = 0; t < T; t++) {
    if (thresholds?.(t) === false) continue
    for (let r = 0; r < levels; r++) {
      for (let k = first; k < end; k++) {
        const value = table[(((t * levels + r) * K + k) * A + a) * M + m] ?? -1
        if (value > -1) values[count++] = value
      }
    }
  }
  return values.subarray(0, count)
}

/** Mean of the entries that count; −1 where none does. */
const meanOf = (curves: Curves, parameters: EvaluationParameters, { kind, iouThreshold, area = 'all', maxDets }: Query): number => {
  const a = parameters.areaRngLbl.indexOf(area)
  const m = parameters.maxDets.indexOf(maxDets)
  if (a < 0 || m < 0) return -1
  return mean(counted(curves, { kind, a, m, thresholds: (t) => iouThreshold === undefined || parameters.iouThrs[t] === iouThreshold })) ?? -1
}

const queries = (iouType: IouType, maxDets: readonly number[]): readonly Query[] => {
  const [first = 0, second = first, third = second] = maxDets
  if (iouType === 'keypoints') {
    const all = { maxDets: 20 }
    return (['precision', 'recall'] as const).flatMap((kind) => {
      const name = kind === 'precision' ? 'AP' : 'AR'
      return [
        { name, kind, ...all },
        { name: `${name}50`, kind, iouThreshold: 0.5, ...all },
        { name: `${name}75`, kind, iouThreshold: 0.75, ...all },
        { name: `${name}m`, kind, area: 'medium', ...all },
        { name: `${name}l`, kind, area: 'large', ...all }
      ]
    })
  }
  return [
    // The reference always looks for 100 detections here.
    { name: 'AP', kind: 'precision', maxDets: 100 },
    { name: 'AP50', kind: 'precision', iouThreshold: 0.5, maxDets: third },
    { name: 'AP75', kind: 'precision', iouThreshold: 0.75, maxDets: third },
    { name: 'APs', kind: 'precision', area: 'small', maxDets: third },
    { name: 'APm', kind: 'precision', area: 'medium', maxDets: third },
    { name: 'APl', kind: 'precision', area: 'large', maxDets: third },
    { name: `AR${first}`, kind: 'recall', maxDets: first },
    { name: `AR${second}`, kind: 'recall', maxDets: second },
    { name: `AR${third}`, kind: 'recall', maxDets: third },
    { name: 'ARs', kind: 'recall', area: 'small', maxDets: third },
    { name: 'ARm', kind: 'recall', area: 'medium', maxDets: third },
    { name: 'ARl', kind: 'recall', area: 'large', maxDets: third }
  ]
}

/** The summary numbers in COCO's order: 12 for boxes and masks, 10 for keypoints; −1 where there is no ground truth that counts. */
export const statisticsOf = (curves: Curves, iouType: IouType, parameters: EvaluationParameters): readonly Statistic[] =>
  queries(iouType, parameters.maxDets).map((query) => ({
    name: query.name,
    kind: query.kind,
    iouThreshold: query.iouThreshold,
    area: query.area ?? 'all',
    maxDets: query.maxDets,
    value: meanOf(curves, parameters, query)
  }))

/** Mean precision of one category at the first area range and the last detection limit; `undefined` without ground truth. */
export const categoryPrecision = (curves: Curves, k: number): number | undefined =>
  mean(counted(curves, { kind: 'precision', a: 0, m: curves.shape[4] - 1, categories: [k, k + 1] }))

/** The summary as the reference prints it, a line for each number. */
export const summaryText = (statistics: readonly Statistic[], { iouThrs }: EvaluationParameters): string =>
  statistics
    .map(({ kind, iouThreshold, area, maxDets, value }) => {
      const title = kind === 'precision' ? 'Average Precision' : 'Average Recall'
      const iou = iouThreshold === undefined ? `${(iouThrs[0] ?? 0).toFixed(2)}:${(iouThrs.at(-1) ?? 0).toFixed(2)}` : iouThreshold.toFixed(2)
      return ` ${title.padEnd(18)} ${kind === 'precision' ? '(AP)' : '(AR)'} @[ IoU=${iou.padEnd(9)} | area=${area.padStart(6)} | maxDets=${String(maxDets).padStart(3)} ] = ${value.toFixed(3)}`
    })
    .join('\n')
