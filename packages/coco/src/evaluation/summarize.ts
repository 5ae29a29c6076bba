import type { Curves } from './accumulate.js'
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

/** Mean of the entries that count (> −1); −1 where none does. */
const meanOf = ({ shape: [T, R, K, A, M], precision, recall }: Curves, parameters: EvaluationParameters, { kind, iouThreshold, area = 'all', maxDets }: Query): number => {
  const a = parameters.areaRngLbl.indexOf(area)
  const m = parameters.maxDets.indexOf(maxDets)
  if (a < 0 || m < 0) return -1
  let sum = 0
  let count = 0
  const add = (value: number): void => {
    if (value > -1) {
      sum += value
      count++
    }
  }
  for (let t = 0; t < T; t++) {
    if (iouThreshold !== undefined && parameters.iouThrs[t] !== iouThreshold) continue
    for (let k = 0; k < K; k++) {
      if (kind === 'recall') add(recall[((t * K + k) * A + a) * M + m] ?? -1)
      else for (let r = 0; r < R; r++) add(precision[(((t * R + r) * K + k) * A + a) * M + m] ?? -1)
    }
  }
  return count === 0 ? -1 : sum / count
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
export const categoryPrecision = ({ shape: [T, R, K, A, M], precision }: Curves, k: number): number | undefined => {
  let sum = 0
  let count = 0
  for (let t = 0; t < T; t++) {
    for (let r = 0; r < R; r++) {
      const value = precision[(((t * R + r) * K + k) * A + 0) * M + M - 1] ?? -1
      if (value > -1) {
        sum += value
        count++
      }
    }
  }
  return count === 0 ? undefined : sum / count
}

/** The summary as the reference prints it, a line for each number. */
export const summaryText = (statistics: readonly Statistic[], { iouThrs }: EvaluationParameters): string =>
  statistics
    .map(({ kind, iouThreshold, area, maxDets, value }) => {
      const title = kind === 'precision' ? 'Average Precision' : 'Average Recall'
      const iou = iouThreshold === undefined ? `${(iouThrs[0] ?? 0).toFixed(2)}:${(iouThrs.at(-1) ?? 0).toFixed(2)}` : iouThreshold.toFixed(2)
      return ` ${title.padEnd(18)} ${kind === 'precision' ? '(AP)' : '(AR)'} @[ IoU=${iou.padEnd(9)} | area=${area.padStart(6)} | maxDets=${String(maxDets).padStart(3)} ] = ${value.toFixed(3)}`
    })
    .join('\n')
