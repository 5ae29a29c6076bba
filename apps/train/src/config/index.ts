export { decodeConfig } from './decode.js'
export { loadConfig } from './load.js'
export { fixedSizeOf, modelOf, normalizationOf, optimizerOf, scheduleOf } from './model.js'
export type { Config } from './schema.js'
