import { bind, hostValue, sizeOf } from '@tabula/tensor'
import type { PrimitiveName, Tensor } from '@tabula/tensor'
import { reshape } from '../expression.js'
import { transposed } from '../transposed.js'
import type { Batch, BatchApplication } from './rule.js'

/** Results that all have the batch as axis 0. */
export const allBatched = (tensors: readonly Tensor[]): Batch => ({ tensors, batched: tensors.map(() => true) })

/** The same for every example, with the batch as axis 0. */
export const repeated = (x: Tensor, size: number): Tensor => bind('broadcastTo', { shape: [size, ...x.shape] }, x)

/** A rank-0 `i32` constant. */
export const integer = (x: number): Tensor => bind('constant', { value: hostValue('i32', [], Int32Array.of(x)) })

/** All operands with the batch as axis 0. */
export const withBatch = <P extends PrimitiveName>({
  inputs,
  batched,
  size
}: Pick<BatchApplication<P>, 'inputs' | 'batched' | 'size'>): readonly Tensor[] =>
  inputs.map((input, index) => (batched[index] === true ? input : repeated(input, size)))

/**
 * Operands that broadcast against one another for one example, so that they do for the batch: axes of size 1 behind the batch of those
 * of lower rank.
 */
export const aligned = <P extends PrimitiveName>({
  inputs,
  batched
}: Pick<BatchApplication<P>, 'inputs' | 'batched'>): readonly Tensor[] => {
  const rankOf = (input: Tensor, index: number): number => input.shape.length - (batched[index] === true ? 1 : 0)
  const rank = Math.max(...inputs.map(rankOf))
  return inputs.map((input, index) => {
    if (batched[index] !== true) return input
    const [size = 1, ...shape] = input.shape
    return reshape(input, [size, ...new Array<number>(rank - shape.length).fill(1), ...shape])
  })
}

/** One axis at another place, the others in their order. */
export const moveAxis = (x: Tensor, from: number, to: number): Tensor => {
  const others = x.shape.map((_, axis) => axis).filter((axis) => axis !== from)
  return transposed(x, [...others.slice(0, to), from, ...others.slice(to)])
}

/** `axis` and the one behind it as one. */
const merge = (x: Tensor, axis: number): Tensor =>
  reshape(x, [...x.shape.slice(0, axis), sizeOf(x.shape.slice(axis, axis + 2)), ...x.shape.slice(axis + 2)])

/** `axis` as two, the first of `size` elements. */
const divide = (x: Tensor, axis: number, size: number): Tensor =>
  reshape(x, [...x.shape.slice(0, axis), size, (x.shape[axis] ?? 1) / size, ...x.shape.slice(axis + 1)])

/** The batch merged into an axis of the examples: the first example's elements come first. */
export const intoAxis = (x: Tensor, axis: number): Tensor => merge(moveAxis(x, 0, axis), axis)

/** The inverse of `intoAxis`. */
export const outOfAxis = (x: Tensor, axis: number, size: number): Tensor => moveAxis(divide(x, axis, size), axis, 0)

/** The batch merged into each of the groups that an axis of the examples is made of. */
export const intoGroups = (x: Tensor, axis: number, groups: number): Tensor =>
  merge(intoAxis(divide(x, axis + 1, groups), axis + 1), axis)

/** The inverse of `intoGroups`. */
export const outOfGroups = (x: Tensor, axis: number, groups: number, size: number): Tensor =>
  merge(outOfAxis(divide(x, axis, groups), axis + 1, size), axis + 1)
