import { readFile } from 'node:fs/promises'
import { either as E, taskEither as TE } from 'fp-ts'
import { pipe } from 'fp-ts/lib/function.js'
import { decodeResults, evaluate, statistics, statisticsText, summaryText } from '@tabula/coco'
import type { Evaluation, Instances, Statistics } from '@tabula/coco'
import { loadInstances } from '@tabula/coco/pipeline'
import { messageOf } from '@tabula/tensor'
import { badFile, badInput } from '../failure.js'
import type { Failure } from '../failure.js'

/** Reads a COCO results file. `Left` where it is missing, no JSON, or has mistakes. */
const loadResults = (path: string) =>
  pipe(
    TE.tryCatch(
      () => readFile(path, 'utf8'),
      (cause) => badInput(`${path}: expected a COCO results file, found ${/ENOENT|ENOTDIR/.test(messageOf(cause)) ? 'no such file' : /EISDIR/.test(messageOf(cause)) ? 'a folder' : messageOf(cause)}. Check the path.`)
    ),
    TE.flatMapEither((text) =>
      E.tryCatch(
        (): unknown => JSON.parse(text.replace(/^\uFEFF/, '')),
        (cause) => badInput(`${path}: expected JSON, a list of results, found ${text.trim() === '' ? 'an empty file' : `a mistake (${messageOf(cause)})`}. Restore or correct the file.`)
      )
    ),
    TE.flatMapEither((json) => pipe(decodeResults(json, path), E.mapLeft(badFile)))
  )

/** An evaluation and the file it is of. */
export interface EvaluatedFile {
  readonly evaluation: Evaluation
  readonly groundTruth: Instances
}

/** COCO's evaluation of a results file. */
export const evaluateFiles = (annotations: string, results: string, type: 'bbox' | 'segm', maxDets: readonly number[] | undefined): TE.TaskEither<Failure, EvaluatedFile> =>
  pipe(
    TE.Do,
    TE.bind('groundTruth', () => pipe(loadInstances(annotations), TE.mapLeft(badFile))),
    TE.bind('results', () => loadResults(results)),
    TE.flatMapEither(({ groundTruth, results: detections }) =>
      pipe(
        evaluate({ groundTruth, results: detections, iouType: type, ...(maxDets === undefined ? {} : { parameters: { maxDets } }) }),
        E.bimap(
          (error) => badFile({ ...error, file: error.file === '' || error.file === 'results' ? results : error.file }),
          (evaluation) => ({ evaluation, groundTruth })
        )
      )
    )
  )

/** An evaluation as plain JSON. */
export const evaluationJson = ({ evaluation, groundTruth }: EvaluatedFile) => {
  const names = new Map(groundTruth.categories.map(({ id, name }) => [id, name]))
  return {
    stats: evaluation.stats,
    perCategory: evaluation.perCategory.map(({ categoryId, averagePrecision = -1 }) => ({ id: categoryId, name: names.get(categoryId) ?? '', AP: averagePrecision }))
  }
}

/** An evaluation as the reference prints it, and each category's AP. */
export const evaluationText = (file: EvaluatedFile): string =>
  [summaryText(file.evaluation.statistics, file.evaluation.parameters), '', ...evaluationJson(file).perCategory.map(({ id, name, AP }) => ` ${String(id).padStart(4)} ${name.padEnd(24)} AP ${AP.toFixed(3)}`)].join('\n')

/** Counts, sizes and overlaps of an annotation file. */
export const fileStatistics = (annotations: string): TE.TaskEither<Failure, Statistics> => pipe(loadInstances(annotations), TE.bimap(badFile, statistics))

export { statisticsText }
