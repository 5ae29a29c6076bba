import type { EngineCounts } from '@tabula/tensor/gpujs'
import type { Terminal } from './progress.js'

/** Kernels between two lines. */
const usualEvery = 25

/**
 * Tells how many of a program's kernels are compiled, a line now and then, as `counts` of an engine come in: compiling hundreds of them
 * takes a graphics adapter's driver some seconds. A program whose kernels are all known is not mentioned.
 */
export const compiling = ({ write }: Pick<Terminal, 'write'>, every = usualEvery): ((counts: EngineCounts) => void) => {
  /** Kernels of earlier programs, and those of this one that a line was written for. */
  let [earlier, told] = [0, 0]
  return ({ texts, pending }) => {
    const done = texts - earlier
    if (pending === 0) {
      if (told > 0) write(`Compiled ${done} kernels.\n`)
      ;[earlier, told] = [texts, 0]
    } else if (told === 0 || done - told >= every) {
      write(`Compiling ${done} of ${done + pending} kernels.\n`)
      told = Math.max(1, done)
    }
  }
}
