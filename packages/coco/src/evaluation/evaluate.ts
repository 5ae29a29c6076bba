import { either as E } from 'fp-ts'
import type { Instances } from '../codec/instances.js'
import type { Result } from '../codec/result.js'
import type { CocoError } from '../error.js'
import { accumulate } from './accumulate.js'
import type { Curves } from './accumulate.js'
import { matchImage } from './match.js'
import type { ImageMatches } from './match.js'
import { defaultParameters } from './parameters.js'
import type { EvaluationParameters, IouType } from './parameters.js'
import { groupsOf } from './prepare.js'
import { categoryPrecision, statisticsOf } from './summarize.js'
import type { Statistic } from './summarize.js'
import { tallier } from './tally.js'

/** One category's part of an evaluation. */
export interface CategoryEvaluation {
  /** −1 where categories are pooled. */
  readonly categoryId: number
  /** `undefined` without ground truth. */
  readonly averagePrecision: number | undefined
  /** Images with a ground truth or a detection of the category, in ascending order of ids. */
  readonly images: readonly { readonly imageId: number; readonly matches: ImageMatches }[]
}

/** Everything an evaluation finds. */
export interface Evaluation {
  readonly iouType: IouType
  readonly parameters: EvaluationParameters
  readonly statistics: readonly Statistic[]
  /** The statistics' values. */
  readonly stats: readonly number[]
  readonly curves: Curves
  readonly perCategory: readonly CategoryEvaluation[]
}

/** What to evaluate. */
export interface EvaluationInput {
  readonly groundTruth: Instances
  readonly results: readonly Result[]
  readonly iouType: IouType
  readonly parameters?: Partial<EvaluationParameters>
}

/** A category whose matches are computed when they are first looked at: they take far more room than the numbers. */
const explained = (categoryId: number, averagePrecision: number | undefined, compute: () => CategoryEvaluation['images']): CategoryEvaluation => {
  let known: CategoryEvaluation['images'] | undefined
  return {
    categoryId,
    averagePrecision,
    get images() {
      return (known ??= compute())
    }
  }
}

const ascending = (ids: readonly number[]): readonly number[] => [...new Set(ids)].sort((a, b) => a - b)

/**
 * COCO's evaluation of detections against ground truth, equal to `pycocotools.cocoeval` (matching, accumulation, summary).
 * `Left` for detections on unknown images or without what is evaluated.
 */
export const evaluate = ({ groundTruth, results, iouType, parameters: given = {} }: EvaluationInput): E.Either<CocoError, Evaluation> => {
  const merged: EvaluationParameters = {
    ...defaultParameters(iouType),
    imgIds: groundTruth.images.map(({ id }) => id),
    // Pooled categories follow one another in this order; the reference's own list is sorted, one that is given is kept.
    catIds: ascending(groundTruth.categories.map(({ id }) => id)),
    ...given
  }
  const parameters: EvaluationParameters = {
    ...merged,
    imgIds: ascending(merged.imgIds),
    catIds: merged.useCats ? ascending(merged.catIds) : merged.catIds,
    maxDets: [...merged.maxDets].sort((a, b) => a - b)
  }
  const groups = groupsOf(groundTruth, results, iouType, parameters)
  if (E.isLeft(groups)) return groups
  const categories = parameters.useCats ? parameters.catIds : [-1]
  const groupOf = groups.right
  const tally = tallier(iouType, parameters)
  const tallies = function* () {
    for (const category of categories) yield tally(parameters.imgIds.map((imageId) => groupOf(category, imageId)).filter(({ truths, detections }) => truths.length + detections.length > 0))
  }
  const curves = accumulate(tallies(), categories.length, parameters)
  const imagesOf = (category: number): CategoryEvaluation['images'] =>
    parameters.imgIds.flatMap((imageId) => {
      const matches = matchImage(groupOf(category, imageId), iouType, parameters)
      return matches === undefined ? [] : [{ imageId, matches }]
    })
  const statistics = statisticsOf(curves, iouType, parameters)
  return E.right({
    iouType,
    parameters,
    statistics,
    stats: statistics.map(({ value }) => value),
    curves,
    perCategory: categories.map((categoryId, k) => explained(categoryId, categoryPrecision(curves, k), () => imagesOf(categoryId)))
  })
}
