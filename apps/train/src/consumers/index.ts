export { metrics, readMetrics, readTimings } from './metrics.js'
export type { Metric, Timing } from './metrics.js'
export { barText, clock, imagesToEvaluate, progress, remainingTime } from './progress.js'
export type { Consumer, Terminal } from './progress.js'
