export { metrics, readMetrics, readTimings } from './metrics.js'
export type { Metric, Timing } from './metrics.js'
export { clock, progress, remainingTime } from './progress.js'
export type { Consumer, Terminal } from './progress.js'
