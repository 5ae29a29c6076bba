export { cpuDevice } from './device.js'
export type { CpuOptions, EnginePath } from './engine/choose.js'
