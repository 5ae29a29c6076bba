import { either as E, taskEither as TE } from 'fp-ts'
import { pipe } from 'fp-ts/lib/function.js'
import { evaluate } from '@tabula/coco'
import type { Instances, Result } from '@tabula/coco'
import { evaluationBatches } from '@tabula/coco/pipeline'
import { fixedSizeOf, normalizationOf } from '../config/index.js'
import type { Config } from '../config/index.js'
import { badFile } from '../failure.js'
import type { Failure } from '../failure.js'
import type { Detector, Weights } from './detector.js'

/** Images and their annotations, as far as they are used. */
export interface Split {
  readonly name: string
  /** The annotation file. */
  readonly file: string
  readonly instances: Instances
  readonly imageDirectory: string
}

/** One category's AP over IoU 0.50:0.95 and at 0.50, for boxes and masks; −1 without ground truth. */
export interface CategoryAp {
  readonly id: number
  readonly name: string
  readonly bbox: number
  readonly segm: number
  readonly bbox50: number
  readonly segm50: number
}

/** COCO's twelve numbers in COCO's order for boxes and masks. */
export interface ApTable {
  readonly bbox: readonly number[]
  readonly segm: readonly number[]
  readonly perCategory: readonly CategoryAp[]
  readonly maxDets: number
  readonly images: number
}

/** What was found in a batch, and how many images of the split are done with it. */
export interface Detected {
  readonly results: readonly Result[]
  readonly done: number
}

/** Detects the objects of a split's images, batch by batch; ends with the first `Left`. */
export async function* detections(detector: Detector, weights: Weights, split: Split, config: Config): AsyncGenerator<E.Either<Failure, Detected>, void> {
  const batches = evaluationBatches({
    ...split,
    batchSize: config.evaluation.batch,
    minSize: config.data.minSize,
    maxSize: config.data.maxSize,
    normalization: normalizationOf(config),
    ...fixedSizeOf(config)
  })
  let done = 0
  for (const read of batches) {
    const found = await pipe(
      read,
      TE.mapLeft(badFile),
      TE.flatMap((batch) => detector(weights, batch))
    )()
    if (E.isLeft(found)) return yield found
    done = Math.min(split.instances.images.length, done + config.evaluation.batch)
    yield E.right({ results: found.right, done })
  }
}

/** Detects the objects of all images of a split. `onBatch` hears how many images are done. */
export const detectSplit =
  (detector: Detector, weights: Weights, split: Split, config: Config, onBatch: (done: number) => void = () => undefined): TE.TaskEither<Failure, readonly Result[]> =>
  async () => {
    const results: Result[] = []
    for await (const found of detections(detector, weights, split, config)) {
      if (E.isLeft(found)) return found
      results.push(...found.right.results)
      onBatch(found.right.done)
    }
    return E.right(results)
  }

/** Mean precision at one IoU threshold of category k, over all areas and at the last detection limit; −1 without ground truth. */
const precisionAt = ({ shape: [, R, K, A, M], precision }: { readonly shape: readonly [number, number, number, number, number]; readonly precision: ArrayLike<number> }, t: number, k: number): number => {
  let sum = 0
  for (let r = 0; r < R; r++) {
    const value = precision[(((t * R + r) * K + k) * A + 0) * M + M - 1] ?? -1
    if (value < 0) return -1
    sum += value
  }
  return sum / R
}

/** COCO's numbers of results on a split, at `maxDets` detections an image. */
export const scoreResults = (results: readonly Result[], { instances }: Pick<Split, 'instances'>, maxDets: number): E.Either<Failure, ApTable> => {
  // The reference's AP looks for 100 detections; with another limit it is computed at that one.
  const limits = [1, 10, maxDets].filter((limit) => limit <= maxDets)
  const while100 = [...new Set(limits.length < 3 ? [1, 10, maxDets] : limits)]
  const scored = (iouType: 'bbox' | 'segm') => pipe(evaluate({ groundTruth: instances, results, iouType, parameters: { maxDets: while100 } }), E.mapLeft(badFile))
  return pipe(
    E.Do,
    E.bind('bbox', () => scored('bbox')),
    E.bind('segm', () => scored('segm')),
    E.map(({ bbox, segm }) => {
      const numbers = ({ stats, perCategory }: typeof bbox): readonly number[] => {
        if (maxDets === 100) return stats
        const known = perCategory.flatMap(({ averagePrecision }) => (averagePrecision === undefined ? [] : [averagePrecision]))
        return [known.length === 0 ? -1 : known.reduce((a, b) => a + b, 0) / known.length, ...stats.slice(1)]
      }
      const names = new Map(instances.categories.map(({ id, name }) => [id, name]))
      return {
        bbox: numbers(bbox),
        segm: numbers(segm),
        perCategory: bbox.perCategory.map(({ categoryId, averagePrecision = -1 }, k) => ({
          id: categoryId,
          name: names.get(categoryId) ?? String(categoryId),
          bbox: averagePrecision,
          segm: segm.perCategory[k]?.averagePrecision ?? -1,
          bbox50: precisionAt(bbox.curves, 0, k),
          segm50: precisionAt(segm.curves, 0, k)
        })),
        maxDets,
        images: instances.images.length
      }
    })
  )
}
