export { gpujsDevice } from './device.js'
export type { GpujsOptions } from './device.js'
export type { GpujsMode } from './engine.js'
