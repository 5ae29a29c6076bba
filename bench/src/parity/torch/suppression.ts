import * as T from '@tabula/tensor'
import type { HostValue } from '@tabula/tensor'
import type { Floats, Operation, Operations } from './recorded.js'
import { integers } from './recorded.js'

/** Indices of kept boxes by descending score, equal ones in index order, from a mask. */
const keptByScore: NonNullable<Operation['finish']> = ({ keep }, { host }) => {
  if (keep === undefined) return {}
  const scores = host('scores').data
  const kept = Array.from(keep.data, (truth: number, index) => (truth === 0 ? -1 : index)).filter((index) => index >= 0)
  // As PyTorch sorts: NaN before all numbers.
  const score = (index: number): number => Number(scores[index] ?? 0)
  const nanFirst = (a: number, b: number): number => Number(Number.isNaN(score(b))) - Number(Number.isNaN(score(a)))
  const indices = kept.sort((a, b) => nanFirst(a, b) || score(b) - score(a) || a - b)
  return { keep: T.integers([indices.length], indices) }
}

const suppression = (build: Operation['build']): Operation => ({ accuracy: 'elementwise', build, finish: keptByScore })

/** The distinct numbers of a value, ascending. */
const distinct = ({ data }: HostValue): readonly number[] => [...new Set(Array.from(data, (x: number) => x))].sort((a, b) => a - b)

/** Scores of which none is −∞, which stands for no box at all: it comes after all numbers. */
const finiteScores = (scores: Floats): Floats => T.select(T.equal(scores, -Infinity), -3.4028234663852886e38, scores)

/** Non-maximum suppression: of all boxes together, and of each class by itself, as a batch of which each row sees one class's scores. */
export const suppressions: Operations = {
  nms: suppression(({ floats, args }) => {
    const count = floats('scores').shape[0] ?? 0
    const keep = T.nms({ iouThreshold: args.number('iou_threshold') })(T.reshape([1, count, 4])(floats('boxes')), T.reshape([1, count])(finiteScores(floats('scores'))))
    return { keep: T.reshape([count])(keep) }
  }),
  batched_nms: suppression(({ floats, integers: classesOf, host, args }) => {
    const count = floats('scores').shape[0] ?? 0
    const classes = distinct(host('idxs'))
    const own = T.equal(T.reshape([1, count])(classesOf('idxs')), integers([classes.length, 1], classes))
    const scores: Floats = T.select(own, T.reshape([1, count])(finiteScores(floats('scores'))), -Infinity)
    const boxes: Floats = T.broadcastTo([classes.length, count, 4])(T.reshape([1, count, 4])(floats('boxes')))
    const kept = T.nms({ iouThreshold: args.number('iou_threshold') })(boxes, scores)
    return { keep: T.max({ axes: [0] })(T.cast('i32')(kept)) }
  })
}
