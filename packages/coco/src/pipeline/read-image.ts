import fs from 'node:fs/promises'
import { either as E, taskEither as TE } from 'fp-ts'
import { pipe } from 'fp-ts/lib/function.js'
import sharp from 'sharp'
import type { Sharp } from 'sharp'
import { messageOf } from '@tabula/tensor'
import { largestImage } from '../codec/limits.js'
import type { CocoError } from '../error.js'
import { rgbOfCmyk } from './cmyk.js'
import { fileError, unreadable } from './file-error.js'
import type { RgbImage } from './image.js'

const kind = 'an image'
const remedy = 'Replace the file by an intact JPEG or PNG.'

// Colour profiles are ignored and alpha is cut off, as Pillow's `convert('RGB')` does. Sizes are checked here, with a clear message.
const decoder = (bytes: Uint8Array): Sharp => sharp(bytes, { failOn: 'error', limitInputPixels: false, ignoreIcc: true, pages: 1 })

/** Red, green and blue, or the four colours of print as they are stored, which sharp would convert by a profile of its own. */
const inColours = (image: Sharp, space: string | undefined): Sharp =>
  space === 'cmyk' ? image.pipelineColourspace('cmyk').toColourspace('cmyk') : image.removeAlpha().toColourspace('srgb')

const message = (cause: unknown): string => messageOf(cause).split('\n')[0] ?? ''

const decoding = <A>(file: string, work: () => Promise<A>): TE.TaskEither<CocoError, A> =>
  TE.tryCatch(work, (cause) =>
    /unsupported image format/i.test(message(cause))
      ? fileError(file, kind, 'a file in no image format that can be read', remedy)
      : fileError(file, kind, `a truncated or damaged image (${message(cause)})`, remedy)
  )

const refuseLarge = (file: string, { width, height }: { readonly width: number; readonly height: number }): E.Either<CocoError, undefined> =>
  width * height > largestImage
    ? E.left(fileError(file, `an image of at most ${largestImage / 1e6} million pixels`, `${width} × ${height}`, 'Scale it down, and its annotations with it.'))
    : E.right(undefined)

/**
 * An encoded image (JPEG, PNG, WebP, …) as RGB bytes. `file` names it in errors. EXIF orientation is not applied, as COCO's
 * annotations are of the stored pixels; grey becomes three equal channels, palettes their colours, alpha is dropped, 16-bit samples
 * keep their high byte, CMYK is converted without a profile. `Left` for empty, truncated and foreign files and for images above 100 million pixels.
 */
export const decodeImage = (bytes: Uint8Array, file: string): TE.TaskEither<CocoError, RgbImage> =>
  bytes.length === 0
    ? TE.left(fileError(file, kind, 'an empty file', remedy))
    : pipe(
        decoding(file, () => decoder(bytes).metadata()),
        TE.tapEither((size) => refuseLarge(file, size)),
        TE.flatMap(({ space }) => decoding(file, () => inColours(decoder(bytes), space).raw().toBuffer({ resolveWithObject: true }))),
        TE.flatMapEither(({ data, info: { width, height, channels } }) => {
          const stored = new Uint8Array(data.buffer, data.byteOffset, data.length)
          if (channels === 3) return E.right({ width, height, data: stored })
          return channels === 4 ? E.right({ width, height, data: rgbOfCmyk(stored) }) : E.left(fileError(file, 'three colour channels', String(channels), remedy))
        })
      )

/** The image in a file (`decodeImage`). `Left` also where it is missing. */
export const readImage = (file: string): TE.TaskEither<CocoError, RgbImage> =>
  pipe(
    TE.tryCatch(
      () => fs.readFile(file),
      (cause) => unreadable(file, kind, cause)
    ),
    TE.flatMap((bytes) => decodeImage(bytes, file))
  )
