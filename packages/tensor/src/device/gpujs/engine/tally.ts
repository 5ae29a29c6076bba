import type { EngineCounts } from './engine.js'

/** Counts what an engine does; each engine has one. */
export interface Tally {
  /** Texts that are going to be compiled, unless they are already. */
  readonly announced: (sources: readonly string[]) => void
  /** Announced texts that will not be compiled after all. */
  readonly withdrawn: (sources: readonly string[]) => void
  readonly compiled: (source: string, milliseconds: number) => void
  /** Further time that went into compiling. */
  readonly spent: (milliseconds: number) => void
  readonly dispatched: () => void
  readonly submitted: () => void
  readonly uploaded: () => void
  readonly read: () => void
  readonly made: (bytes: number) => void
  readonly released: (bytes: number) => void
  readonly counts: () => EngineCounts
}

/** A tally of nothing yet. `progress` hears of each compiled kernel. */
export const tallied = (progress?: (counts: EngineCounts) => void): Tally => {
  const texts = new Set<string>()
  const pending = new Set<string>()
  const count = { kernels: 0, compileMilliseconds: 0, dispatches: 0, submissions: 0, uploads: 0, reads: 0, live: 0, liveBytes: 0, peakBytes: 0 }
  const counts = (): EngineCounts => ({ texts: texts.size, pending: pending.size, ...count })
  return {
    announced: (sources) => sources.forEach((source) => (texts.has(source) ? undefined : pending.add(source))),
    withdrawn: (sources) => {
      const { size } = pending
      sources.forEach((source) => pending.delete(source))
      if (pending.size < size) progress?.(counts())
    },
    compiled: (source, milliseconds) => {
      texts.add(source)
      pending.delete(source)
      count.kernels++
      count.compileMilliseconds += milliseconds
      progress?.(counts())
    },
    spent: (milliseconds) => void (count.compileMilliseconds += milliseconds),
    dispatched: () => void count.dispatches++,
    submitted: () => void count.submissions++,
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
