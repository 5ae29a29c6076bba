/** Decoded images made into batches, without files or sharp: runs in Node and in browsers. */
export type { RgbImage } from './image.js'
export { resizeBilinear, scaledSize } from './resize.js'
export type { Size } from './resize.js'
export { detectron2Normalization, detectronNormalization, torchvisionNormalization } from './normalization.js'
export type { Normalization } from './normalization.js'
export { paddedSize } from './pad.js'
export type { Batch, BatchItem } from './batch.js'
export { imageBatch } from './image-batch.js'
