import { taskEither as TE } from 'fp-ts'
import { pipe } from 'fp-ts/lib/function.js'
import { indexOf } from '../dataset/index-of.js'
import { labelMap } from '../dataset/label-map.js'
import type { CocoError } from '../error.js'
import type { Batch } from './batch.js'
import { imageCache } from './cache.js'
import { collate } from './collate.js'
import type { ImageOptions } from './loader.js'
import { sampleOf } from './sample.js'

/**
 * Every image once, in the file's order, unflipped, as batches that are read when run, one after another; the last may be smaller. An
 * image that cannot be used is a `Left`: leaving it out would change the AP.
 */
export const evaluationBatches = (options: ImageOptions): readonly TE.TaskEither<CocoError, Batch>[] => {
  const { instances, batchSize, normalization, fixedSize } = options
  const { images } = instances
  const index = indexOf(instances)
  const read = sampleOf({ ...options, labels: labelMap(instances) }, imageCache(options.cacheBytes ?? 0))
  return Array.from({ length: Math.ceil(images.length / batchSize) }, (_, batch) =>
    pipe(
      images.slice(batch * batchSize, (batch + 1) * batchSize),
      TE.traverseArray((image) => read(image, index.annotationsOf(image.id), false)),
      TE.flatMapEither((samples) => collate(samples, normalization, fixedSize))
    )
  )
}
