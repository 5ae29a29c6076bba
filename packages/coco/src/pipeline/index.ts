/** Images and annotation files on disk, made into batches. Needs Node and sharp. */
export * from './images.js'
export { loadInstances } from './load-instances.js'
export { decodeImage, readImage } from './read-image.js'
export { loader } from './loader.js'
export type { ImageOptions, Loader, LoaderOptions, Step } from './loader.js'
export { evaluationBatches } from './evaluation.js'
