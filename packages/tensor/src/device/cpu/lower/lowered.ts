import type { Dtype } from '../../../dtype.js'
import type { Abstract } from '../../../node.js'
import { sameShape, sizeOf } from '../../../shape.js'
import type { Sizes } from '../../../shape.js'
import type { OnnxBuilder } from '../onnx/builder.js'
import type { ElementType } from '../onnx/schema.js'

/**
 * A tensor as the engine holds it. Its axes may lie in memory in another order than the program's, and an axis along which it
 * only repeats is kept once. So a transposition or a broadcast costs nothing until an operation needs it done.
 */
export interface Lowered {
  /** The name of the ONNX value. Its dimensions are `dimensionsOf(this)`. */
  readonly value: string
  readonly shape: Sizes
  readonly dtype: Dtype
  /** Axis `order[k]` of the tensor is axis k in memory. */
  readonly order: readonly number[]
  /** Size kept of each axis: the shape's, or 1 where the tensor repeats. */
  readonly stored: Sizes
}

/** Element types in memory. `u32` is held as int64, because the engine computes little with unsigned integers. */
export const elementType: { readonly [D in Dtype]: ElementType } = { f32: 'float', i32: 'int32', u32: 'int64', bool: 'bool' }

const at = (sizes: Sizes, axis: number): number => sizes[axis] ?? 1

/** `[0, 1 … rank − 1]`. */
export const axesOf = (rank: number): readonly number[] => Array.from({ length: rank }, (_, axis) => axis)

/** Dimensions of the ONNX value: the stored sizes in memory order. Rank 0 is held as `[1]`, with which broadcasts are fast. */
export const dimensionsOf = ({ order, stored }: Pick<Lowered, 'order' | 'stored'>): Sizes =>
  order.length === 0 ? [1] : order.map((axis) => at(stored, axis))

/** A tensor whose ONNX value is laid out as the program says. */
export const plainly = (value: string, { shape, dtype }: Abstract): Lowered => ({ value, shape, dtype, order: axesOf(shape.length), stored: shape })

/** A tensor held with its axes in this order. */
export const ordered = (value: string, { shape, dtype }: Abstract, order: readonly number[]): Lowered => ({ value, shape, dtype, order, stored: shape })

/** The value in other dimensions of the same size. */
export const withDimensions = (builder: OnnxBuilder, value: string, from: Sizes, to: Sizes): string =>
  sameShape(from, to) ? value : builder.op('Reshape', [value, builder.ints(to)], to.includes(0) ? { allowzero: 1 } : {})

/** Axes longer than 1 in memory order: two orders with equal sequences hold the same bytes. */
const sequence = (order: readonly number[], stored: Sizes): readonly number[] => order.filter((axis) => at(stored, axis) !== 1)

const sameSequence = (a: readonly number[], b: readonly number[]): boolean => a.length === b.length && a.every((axis, k) => axis === b[k])

/** Whether x can be seen in this order without moving a byte. */
export const isOrdered = (x: Lowered, order: readonly number[]): boolean => sameSequence(sequence(x.order, x.stored), sequence(order, x.stored))

/** x with its axes in this order in memory. */
export const arranged = (builder: OnnxBuilder, x: Lowered, order: readonly number[]): Lowered => {
  if (x.order.every((axis, k) => axis === order[k])) return x
  const target = dimensionsOf({ order, stored: x.stored })
  const value = isOrdered(x, order)
    ? withDimensions(builder, x.value, dimensionsOf(x), target)
    : builder.op('Transpose', [x.value], { perm: order.map((axis) => x.order.indexOf(axis)) })
  return { ...x, value, order }
}

/** x with these axes (all where not given) stored in full. */
export const unstretched = (builder: OnnxBuilder, x: Lowered, axes: readonly number[] = axesOf(x.shape.length)): Lowered => {
  const stored = x.stored.map((size, axis) => (axes.includes(axis) ? at(x.shape, axis) : size))
  if (sameShape(stored, x.stored)) return x
  return { ...x, value: builder.op('Expand', [x.value, builder.ints(dimensionsOf({ order: x.order, stored }))]), stored }
}

/** The name of x's value in full and in the program's order; rank 0 as `[1]`. */
export const plainValue = (builder: OnnxBuilder, x: Lowered): string => unstretched(builder, arranged(builder, x, axesOf(x.shape.length))).value

/** x in full with its axes in this order in memory: the name of its value. */
export const orderedValue = (builder: OnnxBuilder, x: Lowered, order: readonly number[]): string => unstretched(builder, arranged(builder, x, order)).value

/** Elements that are kept. */
export const storedSize = (x: Lowered): number => sizeOf(x.stored)

/** Whether an axis is kept once although it is longer. */
export const isStretched = (x: Lowered, axis: number): boolean => at(x.stored, axis) !== at(x.shape, axis)
