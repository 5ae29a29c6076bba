import { tensorsOf, total, TreeError } from '@tabula/tensor'
import type { Shape, Tensor } from '@tabula/tensor'
import type { Losses, Pool, RoiFunctions } from '../heads/head.js'
import { scopeOf } from '../module.js'
import type { Trees } from '../module.js'
import type { GroundTruth, SampledRois } from '../roi/sampling.js'
import { lossOfRows } from './loss-of-rows.js'
import { firstRows } from './losses.js'
import type { PositiveRois } from './losses.js'

type Real = Tensor<Shape, 'f32'>

/** A head's functions, and what its targets made of the batch. */
export interface HeadToTrain {
  readonly functions: RoiFunctions<object, Losses, object>
  readonly targets: object
}

/** The regions that heads are trained on, and the maps they are pooled from. */
export interface TrainingRegions {
  readonly maps: readonly Real[]
  readonly poolFrom: (maps: readonly Real[]) => Pool
  readonly positive: PositiveRois
  readonly rois: SampledRois
  readonly truth: GroundTruth
}

/** What a loss on positive regions rests on beside what is learned. */
interface Given {
  readonly state: Trees
  readonly positive: PositiveRois
  readonly targets: object
}

/** Numbers of rows a loss is computed on: an eighth, a quarter, a half, all. */
const capacitiesOf = (rows: number): readonly number[] => [...new Set([8, 4, 2, 1].map((part) => Math.max(1, Math.ceil(rows / part))))]

/** One head's losses and its parts' next state. */
const trainHead = ({ functions, targets }: HeadToTrain, params: Trees, before: Trees, { maps, poolFrom, positive, rois, truth }: TrainingRegions): readonly [Losses, Trees] => {
  if (functions.rows === 'all') {
    const scope = scopeOf('train', params, before)
    return [functions.train(scope, { pool: poolFrom(maps), positive, targets, rois, truth }), scope.state()]
  }
  const { train } = functions
  const on = (parameters: Trees, features: readonly Real[], given: Given): readonly [Losses, Trees] => {
    const scope = scopeOf('train', parameters, given.state)
    return [train(scope, { pool: poolFrom(features), positive: given.positive, targets: given.targets }), scope.state()]
  }
  const everywhere = on(params, maps, { state: before, positive, targets })
  const [name, ...otherLosses] = Object.keys(everywhere[0])
  // Statistics of a batch rest on all rows at once; what has none may be computed on as many rows as are positive.
  const after = tensorsOf(everywhere[1])
  if (name === undefined || otherLosses.length > 0 || !tensorsOf(before).every((tensor, index) => tensor.node === after[index]?.node)) return everywhere
  const loss = lossOfRows(capacitiesOf(positive.positive.shape[0] ?? 1), (rows) => (learned: { readonly params: Trees; readonly maps: readonly Real[] }, given: Given) => {
    const [{ [name]: value }] = on(learned.params, learned.maps, { ...given, positive: firstRows(given.positive, rows) })
    if (value === undefined) throw new TreeError({ operation: 'rcnn', operand: name, expected: 'the same losses whatever the number of rows', found: 'none' })
    return value
  })
  return [{ [name]: loss(total(positive.positive), { params, maps }, { state: before, positive, targets }) }, before]
}

/** The losses of each head, on its own fields of the parameters and state of all heads, and the next state of those. */
export const trainHeads = (
  heads: readonly HeadToTrain[],
  { params, state }: { readonly params: Trees; readonly state: Trees },
  regions: TrainingRegions
): readonly [readonly Losses[], Trees] => {
  const trained = heads.map((head) => {
    const own = (trees: Trees): Trees => Object.fromEntries(Object.keys(head.functions.parts).map((name) => [name, trees[name]]))
    return trainHead(head, own(params), own(state), regions)
  })
  return [trained.map(([losses]) => losses), Object.assign({}, ...trained.map(([, next]) => next)) as Trees]
}
