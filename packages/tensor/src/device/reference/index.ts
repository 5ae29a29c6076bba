export { evaluate } from './evaluate.js'
export type { EvaluateOptions } from './evaluate.js'
export { referenceDevice } from './device.js'
export { erf } from './special.js'
