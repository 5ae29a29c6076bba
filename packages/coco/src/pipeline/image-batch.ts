import type { either as E } from 'fp-ts'
import type { CocoError } from '../error.js'
import type { Batch } from './batch.js'
import { collate } from './collate.js'
import type { RgbImage } from './image.js'
import type { ImageOptions } from './loader.js'
import { scaledSize } from './resize.js'

/**
 * An image that belongs to no data set, as a batch of one without objects: resized, normalized and padded as for evaluation. `Left`
 * where it does not fit into `fixedSize`.
 */
export const imageBatch = (
  image: RgbImage,
  fileName: string,
  { minSize, maxSize, normalization, fixedSize }: Pick<ImageOptions, 'minSize' | 'maxSize' | 'normalization' | 'fixedSize'>
): E.Either<CocoError, Batch> => {
  const size = scaledSize(image, minSize, maxSize)
  const item = {
    imageId: 0,
    fileName,
    ...size,
    originalHeight: image.height,
    originalWidth: image.width,
    scaleX: size.width / image.width,
    scaleY: size.height / image.height,
    flipped: false,
    boxes: new Float32Array(),
    labels: new Int32Array(),
    masks: () => new Uint8Array()
  }
  return collate([{ item, pixels: image }], normalization, fixedSize)
}
