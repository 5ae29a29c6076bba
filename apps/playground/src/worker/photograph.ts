import { either as E, taskEither as TE } from 'fp-ts'
import { pipe } from 'fp-ts/lib/function.js'
import { formatCocoError } from '@tabula/coco'
import { imageBatch } from '@tabula/coco/images'
import type { Batch, RgbImage } from '@tabula/coco/images'
import { inferenceValues, pasteBitmap } from '@tabula/detection'
import { normalizationOf } from '@tabula/train/run'
import { colourOf } from '../colours.js'
import type { Found } from '../protocol.js'
import { foundIn } from './detections.js'
import { formatOf } from './image-format.js'
import type { LoadedRun } from './loaded-run.js'

/** What was found in a photograph: boxes, and a picture of the masks to lay over it. */
export interface DetectedPhotograph {
  readonly image: ImageBitmap
  readonly overlay: ImageData
  readonly found: readonly Found[]
  /** The detection with the best score, even where that is too low to be shown. */
  readonly best: Found | undefined
}

/** Photographs are shown, and their masks drawn, at no more than this many pixels a side. */
const largestSide = 1600

/** Detections of a lower score are not shown. */
const leastScore = 0.5

const reduced = async (whole: ImageBitmap): Promise<ImageBitmap> => {
  const scale = Math.min(1, largestSide / Math.max(whole.width, whole.height))
  if (scale === 1) return whole
  const side = (pixels: number): number => Math.max(1, Math.round(pixels * scale))
  const small = await createImageBitmap(whole, { resizeWidth: side(whole.width), resizeHeight: side(whole.height), resizeQuality: 'high' })
  whole.close()
  return small
}

/** Why a file is not decoded: it is no image, or one that is damaged or larger than this browser decodes. */
const undecoded = async (name: string, file: Blob): Promise<string> => {
  const format = formatOf(new Uint8Array(await file.slice(0, 32).arrayBuffer()))
  return format === undefined
    ? `${name}: expected a photograph (JPEG, PNG, WebP or AVIF), found a file that holds none. Drop another file.`
    : `${name}: expected ${format} that this browser can decode, found one of ${(file.size / 1e6).toFixed(1)} MB that is damaged or too large. Save it anew, or smaller.`
}

const decoded = (name: string, file: Blob): TE.TaskEither<string, ImageBitmap> => async () => {
  try {
    return E.right(await reduced(await createImageBitmap(file)))
  } catch {
    return E.left(await undecoded(name, file))
  }
}

/** The bytes of an image's pixels, without opacity. */
const pixelsOf = (image: ImageBitmap): E.Either<string, RgbImage> => {
  const { width, height } = image
  const context = new OffscreenCanvas(width, height).getContext('2d', { willReadFrequently: true })
  if (context === null) return E.left('This browser gives a worker no canvas to decode photographs with.')
  context.drawImage(image, 0, 0)
  const { data: rgba } = context.getImageData(0, 0, width, height)
  const data = new Uint8Array(width * height * 3)
  for (let k = 0; k < width * height; k++) data.set(rgba.subarray(4 * k, 4 * k + 3), 3 * k)
  return E.right({ width, height, data })
}

/** A photograph that a run's detector can look at. */
export interface Prepared {
  readonly image: ImageBitmap
  readonly batch: Batch
}

/** Decodes a photograph and resizes it as the run's images were. `Left` where it is none, or this browser does not decode it. */
export const prepared = ({ config }: LoadedRun, name: string, file: Blob): TE.TaskEither<string, Prepared> =>
  pipe(
    TE.Do,
    TE.bind('image', () => decoded(name, file)),
    TE.bind('pixels', ({ image }) => TE.fromEither(pixelsOf(image))),
    TE.bind('batch', ({ pixels }) =>
      TE.fromEither(
        pipe(
          imageBatch(pixels, name, { minSize: config.data.minSize, maxSize: config.data.maxSize, normalization: normalizationOf(config) }),
          E.mapLeft(formatCocoError)
        )
      )
    )
  )

/** Finds a loaded run's objects in a photograph. `Left` where the device fails. */
export const detectIn = ({ model, detect }: LoadedRun, { image, batch }: Prepared): TE.TaskEither<string, DetectedPhotograph> =>
  pipe(
    detect(inferenceValues(batch)),
    TE.map((detections) => {
      const { width, height } = image
      const [{ scaleX, scaleY } = { scaleX: 1, scaleY: 1 }] = batch.items
      const all = foundIn(detections, 0, scaleX, scaleY)
      const found = all.filter(({ score }) => score >= leastScore)
      const overlay = new ImageData(width, height)
      const side = detections.masks.shape[2] ?? 0
      // The best detections are painted last, over the others.
      ;[...found].reverse().forEach(({ row, label, box }) => {
        const { red, green, blue } = colourOf(label)
        pasteBitmap(model.options.paste, { probabilities: Float32Array.from(detections.masks.data), start: row * side * side, side }, box, { width, height }).forEach((inside, at) => {
          if (inside === 1) overlay.data.set([red, green, blue, 110], 4 * at)
        })
      })
      return { image, overlay, found, best: all.reduce<Found | undefined>((best, one) => (best === undefined || one.score > best.score ? one : best), undefined) }
    })
  )
