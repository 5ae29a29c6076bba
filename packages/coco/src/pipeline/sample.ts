import path from 'node:path'
import { either as E, taskEither as TE } from 'fp-ts'
import { pipe } from 'fp-ts/lib/function.js'
import { climbsOut } from '../codec/consistency.js'
import type { Annotation, Image } from '../codec/instances.js'
import type { LabelMap } from '../dataset/label-map.js'
import type { CocoError } from '../error.js'
import type { BatchItem } from './batch.js'
import type { ImageCache } from './cache.js'
import { fileError } from './file-error.js'
import { flipImage } from './flip.js'
import type { RgbImage } from './image.js'
import { readImage } from './read-image.js'
import { scaledSize } from './resize.js'
import { targetsOf } from './targets.js'

/** An image on its way into a batch: its pixels, mirrored where the item says so, at their original size. */
export interface Sample {
  readonly item: BatchItem
  readonly pixels: RgbImage
}

/** What all samples of a loader share. */
export interface SampleOptions {
  readonly imageDirectory: string
  readonly labels: LabelMap
  readonly minSize: number
  readonly maxSize: number
}

/** The path of an image's file. `Left` where its name leads out of the folder. */
const fileOf = ({ file_name }: Image, imageDirectory: string): E.Either<CocoError, string> =>
  file_name === '' || climbsOut(file_name)
    ? E.left(fileError(file_name, 'a path inside the image folder', JSON.stringify(file_name), 'Name the file relative to the image folder, without "..".'))
    : E.right(path.join(imageDirectory, file_name))

const sized = ({ width, height }: Image, file: string, pixels: RgbImage): E.Either<CocoError, RgbImage> =>
  pixels.width === width && pixels.height === height
    ? E.right(pixels)
    : E.left(fileError(file, `${width} × ${height} pixels, as its annotations say`, `${pixels.width} × ${pixels.height}`, 'Correct width and height in the annotation file, or restore the image.'))

/** The pixels of an image, from the cache or its file. `Left` also where the file has another size than its annotations say. */
const pixelsOf = (image: Image, imageDirectory: string, cache: ImageCache): TE.TaskEither<CocoError, RgbImage> =>
  pipe(
    TE.fromEither(fileOf(image, imageDirectory)),
    TE.flatMap((file) => {
      const cached = cache.get(file)
      if (cached !== undefined) return TE.right(cached)
      return pipe(
        readImage(file),
        TE.flatMapEither((pixels) => sized(image, file, pixels)),
        TE.tapIO((pixels) => () => cache.put(file, pixels))
      )
    })
  )

/** Reads an image and prepares its objects, both mirrored where `flipped`. Computed when run. */
export const sampleOf =
  ({ imageDirectory, labels, minSize, maxSize }: SampleOptions, cache: ImageCache) =>
  (image: Image, annotations: readonly Annotation[], flipped: boolean): TE.TaskEither<CocoError, Sample> =>
    pipe(
      // Deferred, so that the cache is asked when the task runs.
      TE.fromIO<undefined, CocoError>(() => undefined),
      TE.flatMap(() => pixelsOf(image, imageDirectory, cache)),
      TE.flatMapEither((pixels) => {
        const size = scaledSize(image, minSize, maxSize)
        return pipe(
          targetsOf(image, annotations, labels, size, flipped),
          E.map((targets) => ({
            item: {
              imageId: image.id,
              fileName: image.file_name,
              ...size,
              originalHeight: image.height,
              originalWidth: image.width,
              scaleX: size.width / image.width,
              scaleY: size.height / image.height,
              flipped,
              ...targets
            },
            pixels: flipped ? flipImage(pixels) : pixels
          }))
        )
      })
    )
