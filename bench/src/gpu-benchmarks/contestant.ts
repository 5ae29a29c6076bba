import type { Contestant, Prepared } from '../benchmarks/contestant.js'
import type { Task } from './tasks.js'

/** A task made ready on a device, its arguments and results resident there. `run` ends when everything has been computed. */
export interface GpuPrepared extends Prepared {
  /** All numbers of each result of the first run, in the order batch, channels, height, width. */
  readonly results: readonly Float32Array[]
  /** Milliseconds from the program to the end of its first run: tracing, generating and compiling kernels. */
  readonly firstMs: number
  /** How many kernels were compiled, where the contestant can tell. */
  readonly kernels?: number
}

/** Somebody who computes tasks on one device. */
export interface GpuContestant extends Contestant<Task> {
  readonly prepare: (name: string, task: Task) => Promise<GpuPrepared | undefined>
}

/** Milliseconds that something took. */
export const timed = async (f: () => Promise<unknown>): Promise<number> => {
  const started = performance.now()
  await f()
  return performance.now() - started
}

/** The largest difference of two results, as a fraction of the largest magnitude of the second; NaN where they cannot be compared. */
export const distance = (a: ArrayLike<number>, b: ArrayLike<number>): number => {
  if (a.length !== b.length) return NaN
  let [worst, largest] = [0, 1e-6]
  for (let k = 0; k < b.length; k++) {
    const [p, q] = [a[k] ?? NaN, b[k] ?? NaN]
    if (Number.isNaN(p) || Number.isNaN(q)) return NaN
    worst = Math.max(worst, Math.abs(p - q))
    largest = Math.max(largest, Math.abs(q))
  }
  return worst / largest
}
