import type { EngineCounts } from './engine.js'

/** Counts what an engine does; each engine has one. */
export interface Tally {
  readonly compiled: (source: string, milliseconds: number) => void
  readonly dispatched: () => void
  readonly uploaded: () => void
  readonly read: () => void
  readonly made: (bytes: number) => void
  readonly released: (bytes: number) => void
  readonly counts: () => EngineCounts
}

/** A tally of nothing yet. `progress` hears of each compiled kernel. */
export const tallied = (progress?: (counts: EngineCounts) => void): Tally => {
  const texts = new Set<string>()
  const count = { kernels: 0, compileMilliseconds: 0, dispatches: 0, uploads: 0, reads: 0, live: 0, liveBytes: 0, peakBytes: 0 }
  const counts = (): EngineCounts => ({ texts: texts.size, ...count })
  return {
    compiled: (source, milliseconds) => {
      texts.add(source)
      count.kernels++
      count.compileMilliseconds += milliseconds
      progress?.(counts())
    },
    dispatched: () => void count.dispatches++,
    uploaded: () => void count.uploads++,
    read: () => void count.reads++,
    made: (bytes) => {
      count.live++
      count.liveBytes += bytes
      count.peakBytes = Math.max(count.peakBytes, count.liveBytes)
    },
    released: (bytes) => {
      count.live--
      count.liveBytes -= bytes
    },
    counts
  }
}
