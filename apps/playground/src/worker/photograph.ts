import { either as E, taskEither as TE } from 'fp-ts'
import { pipe } from 'fp-ts/lib/function.js'
import { formatCocoError } from '@tabula/coco'
import { imageBatch } from '@tabula/coco/images'
import type { RgbImage } from '@tabula/coco/images'
import { inferenceValues, pasteBitmap } from '@tabula/detection'
import { normalizationOf } from '@tabula/train/run'
import { colourOf } from '../colours.js'
import type { Found } from '../protocol.js'
import { foundIn } from './detections.js'
import type { LoadedRun } from './loaded-run.js'

/** What was found in a photograph: boxes, and a picture of the masks to lay over it. */
export interface DetectedPhotograph {
  readonly image: ImageBitmap
  readonly overlay: ImageData
  readonly found: readonly Found[]
}

/** Photographs are shown, and their masks drawn, at no more than this many pixels a side. */
const largestSide = 1600

const decoded = (name: string, file: Blob): TE.TaskEither<string, ImageBitmap> =>
  TE.tryCatch(
    async () => {
      const whole = await createImageBitmap(file)
      const scale = Math.min(1, largestSide / Math.max(whole.width, whole.height))
      return scale === 1 ? whole : createImageBitmap(whole, { resizeWidth: Math.round(whole.width * scale), resizeHeight: Math.round(whole.height * scale), resizeQuality: 'high' })
    },
    () => `${name}: expected a photograph that this browser can decode (JPEG, PNG, WebP or AVIF), found something else. Drop another file.`
  )

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

/** Finds a loaded run's objects in a photograph. `Left` where it cannot be decoded, or the device fails. */
export const detectIn = ({ config, model, detect }: LoadedRun, name: string, file: Blob): TE.TaskEither<string, DetectedPhotograph> =>
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
    ),
    TE.bind('detections', ({ batch }) => detect(inferenceValues(batch))),
    TE.map(({ image, batch: { items }, detections }) => {
      const { width, height } = image
      const [{ scaleX, scaleY } = { scaleX: 1, scaleY: 1 }] = items
      const found = foundIn(detections, 0, scaleX, scaleY).filter(({ score }) => score >= 0.5)
      const overlay = new ImageData(width, height)
      const side = detections.masks.shape[2] ?? 0
      // The best detections are painted last, over the others.
      ;[...found].reverse().forEach(({ row, label, box }) => {
        const { red, green, blue } = colourOf(label)
        pasteBitmap(model.options.paste, { probabilities: Float32Array.from(detections.masks.data), start: row * side * side, side }, box, { width, height }).forEach((inside, at) => {
          if (inside === 1) overlay.data.set([red, green, blue, 110], 4 * at)
        })
      })
      return { image, overlay, found }
    })
  )
