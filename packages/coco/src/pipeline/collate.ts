import { either as E } from 'fp-ts'
import type { CocoError } from '../error.js'
import type { Batch } from './batch.js'
import { fileError } from './file-error.js'
import type { RgbImage } from './image.js'
import type { Normalization } from './normalization.js'
import { byteTables } from './normalization.js'
import { paddedSize } from './pad.js'
import type { Size } from './resize.js'
import { resizeBilinear } from './resize.js'
import type { Sample } from './sample.js'

/** Batches are padded to multiples of this, the coarsest stride of the pyramid's backbone. */
export const sizeDivisor = 32

/** Writes an image, normalized and resized, into the top left of a plane of `frame`'s size for each channel, from `offset`. */
export const writeImage = (image: RgbImage, size: Size, normalization: Normalization, frame: Size, target: Float32Array, offset: number): void => {
  const { width, height, data } = image
  byteTables(normalization).forEach(({ channel, table }, plane) => {
    const readRow = (y: number, into: Float32Array): void => {
      for (let x = 0, from = y * width * 3 + channel; x < width; x++, from += 3) into[x] = table[data[from] ?? 0] ?? 0
    }
    resizeBilinear({ width, height, readRow }, size, target, offset + plane * frame.height * frame.width, frame.width)
  })
}

/**
 * Samples side by side in one batch, padded with zeros to the largest size rounded up to a multiple of 32, or to `fixedSize`. `Left`
 * where an image does not fit into `fixedSize`.
 */
export const collate = (samples: readonly Sample[], normalization: Normalization, fixedSize: Size | undefined): E.Either<CocoError, Batch> => {
  const items = samples.map(({ item }) => item)
  const frame = fixedSize ?? paddedSize(items, sizeDivisor)
  const large = items.find(({ height, width }) => height > frame.height || width > frame.width)
  if (large !== undefined) {
    return E.left(
      fileError(large.fileName, `at most ${frame.width} × ${frame.height} pixels after resizing, the fixed size of batches`, `${large.width} × ${large.height}`, 'Lower the largest side or raise the fixed size.')
    )
  }
  const images = new Float32Array(samples.length * 3 * frame.height * frame.width)
  samples.forEach(({ item, pixels }, n) => writeImage(pixels, item, normalization, frame, images, n * 3 * frame.height * frame.width))
  return E.right({ images, height: frame.height, width: frame.width, items, skipped: [] })
}
