/** A training run's configuration, detector and weights from what its files hold, without reading files: runs in Node and in browsers. */
export { decodeConfig } from './config/decode.js'
export { modelOf, normalizationOf } from './config/model.js'
export type { Config } from './config/schema.js'
export { decodeCheckpoint, restore } from './trainer/checkpoint-bytes.js'
export type { LoadedCheckpoint, Progress } from './trainer/checkpoint-bytes.js'
export type { Failure } from './failure.js'
