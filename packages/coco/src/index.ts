/** COCO without files: codecs, mask algebra, data sets, evaluation. Runs in Node and in browsers. */
export * from './error.js'
export * from './mask/index.js'
export * from './codec/index.js'
export * from './evaluation/index.js'
export * from './dataset/index.js'
