import type { KernelSource } from './engine.js'
import { storageOf } from './engine.js'

/**
 * The kernel that turns an array into a resident value. Its only seat takes arrays, and no other kernel's does: a seat that has seen
 * an array refuses handles on some backends, and the other way round.
 */
export const uploadKernel = (elements: number): KernelSource => {
  const [x, y] = storageOf(elements)
  return y === undefined
    ? { source: 'function(a0) { return a0[this.thread.x]; }', arrays: 1, scalars: [], elements, output: [x] }
    : { source: 'function(a0) { return a0[this.thread.y][this.thread.x]; }', arrays: 1, scalars: [], elements, output: [x, y] }
}

/** Numbers that a kernel answers for its threads, the padding of storage included. */
export const resultLength = ({ output: [x, y = 1, z = 1], texels }: KernelSource): number => x * y * z * (texels === true ? 4 : 1)
