import { allReduce } from '@tabula/tensor'
import type { Shape, Tensor } from '@tabula/tensor'

/**
 * The effect that a synchronized layer needs: how many replicas there are, and an expression for the sum of a tensor over them.
 * `label` names the layer that asks, so that replicas that disagree are told where.
 */
export interface Reduce {
  readonly size: number
  readonly sum: (label: string) => <S extends Shape>(x: Tensor<S, 'f32'>) => Tensor<S, 'f32'>
}

/** No other replica: every sum is the tensor itself, and the program has no collectives. */
export const oneReplica: Reduce = { size: 1, sum: () => (x) => x }

/**
 * `size` replicas whose programs are made one by `joinReplicas`: trace (and differentiate) each with its own shapes, then join.
 * The same program also fits other ways of running `size` replicas, as a sum is the primitive `allReduce`. Throws `RangeError` unless
 * `size` is a positive integer.
 */
export const simulatedReplicas = (size: number): Reduce => {
  if (!Number.isInteger(size) || size < 1) throw new RangeError(`simulatedReplicas: size: expected an integer of at least 1, found ${size}`)
  return { size, sum: (label) => (x) => allReduce(label)(x) }
}
