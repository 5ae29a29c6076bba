import type { Form } from '../../kernel/forms.js'
import { coefficientOf } from '../../kernel/joined.js'
import type { Joined } from '../../kernel/joined.js'

/** The coordinates that a dimension of the threads counts, outermost first. */
export type ThreadAxis = readonly Joined[]

/** Threads along x, the fastest, y and z. */
export interface Threads {
  readonly x: ThreadAxis
  readonly y: ThreadAxis
  readonly z: ThreadAxis
}

/** How many threads an axis has. */
export const threadCount = (axis: ThreadAxis): number => axis.reduce((product, { size }) => product * size, 1)

/** The most threads along x or y, of which WebGPU takes 65,535 groups of 8. */
const mostAcross = 65_535 * 8

/** The most threads along z, in groups of 1. */
export const mostDeep = 65_535

/** The longest side of two dimensions of threads: on WebGL they are a texture of these sides, as those of three are not. */
const mostOfFlat = 4096

/**
 * Distributes a result's coordinates over three dimensions of threads, so that an operand depends on as few of them as can be: what does
 * not depend on x is read once for neighbouring threads, where the engine computes several at a time. `undefined` where a
 * dimension would be longer than engines take.
 */
export const distributed = (outer: readonly Joined[], forms: readonly Form[]): Threads | undefined => {
  const kind = ({ last }: Joined): string => forms.map((form) => (coefficientOf(form, last) === 0 ? '-' : '+')).join('')
  const runBefore = (end: number): number => {
    const last = outer[end - 1]
    if (last === undefined) return end
    let start = end - 1
    for (let before = outer[start - 1]; before !== undefined && kind(before) === kind(last); before = outer[start - 1]) start--
    return start
  }
  const beginX = runBefore(outer.length)
  const beginY = runBefore(beginX)
  const [x, y, z] = [outer.slice(beginX), outer.slice(beginY, beginX), outer.slice(0, beginY)]
  const flat = threadCount(z) === 1 && Math.max(threadCount(x), threadCount(y)) > mostOfFlat
  const threads = flat ? { x, y: z, z: y } : { x, y, z }
  return threadCount(threads.x) > mostAcross || threadCount(threads.y) > mostAcross || threadCount(threads.z) > mostDeep ? undefined : threads
}
