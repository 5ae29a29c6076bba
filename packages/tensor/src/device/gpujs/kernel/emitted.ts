import type { Tensor } from '../../../node.js'
import type { KernelSource } from '../engine/engine.js'

/** A kernel, the values in its seats, and what of a sum it leaves to do. */
export interface Emitted {
  readonly kernel: KernelSource
  readonly seats: readonly Tensor[]
  /** Over how many parts a fold is left: the kernel's result has them as an additional axis. */
  readonly parts: number
  /** Whether that axis is the first of the result, or the last. */
  readonly partsFirst: boolean
}
