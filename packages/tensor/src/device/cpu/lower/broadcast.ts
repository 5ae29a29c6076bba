import type { Abstract } from '../../../node.js'
import { sameShape, sizeOf } from '../../../shape.js'
import type { Sizes } from '../../../shape.js'
import type { OnnxBuilder } from '../onnx/builder.js'
import { arranged, axesOf, dimensionsOf, isOrdered, storedSize, withDimensions } from './lowered.js'
import type { Lowered } from './lowered.js'

/** x seen with leading axes of size 1 up to a rank. */
const raised = (x: Lowered, rank: number): Lowered => {
  const missing = rank - x.shape.length
  if (missing === 0) return x
  const ones = new Array<number>(missing).fill(1)
  return { ...x, shape: [...ones, ...x.shape], stored: [...ones, ...x.stored], order: [...axesOf(missing), ...x.order.map((axis) => axis + missing)] }
}

const withoutLeadingOnes = (dims: Sizes): Sizes => dims.slice(Math.max(0, dims.findIndex((size) => size !== 1)))

/** Dimensions of a raised operand's value before it was raised, without leading ones; they broadcast alike. */
const fits = (actual: Sizes, wanted: Sizes): boolean => sameShape(withoutLeadingOnes(actual), withoutLeadingOnes(wanted))

/**
 * The order with axes of size 1 before all others, which moves no bytes. With one behind them the engine broadcasts element by
 * element (18 ms instead of 1 for a scalar times 1×1 weights of 2 million elements).
 */
const unitsFirst = (order: readonly number[], stored: Sizes): readonly number[] =>
  stored[order.at(-1) ?? 0] === 1 ? [...order.filter((axis) => stored[axis] === 1), ...order.filter((axis) => stored[axis] !== 1)] : order

/** Elements below which that costs less than naming another view. */
const worthMoving = 1024

/** Operands of an elementwise operation, brought into one order in memory, and what comes out of it. */
export interface Aligned {
  readonly values: readonly string[]
  /** Where the result is, for the value that the operation on `values` answers. */
  readonly result: (value: string) => Lowered
}

/**
 * Brings operands that broadcast to `output` into the order in memory that moves the fewest bytes. What all of them repeat stays
 * unstored in the result.
 */
export const aligned = (builder: OnnxBuilder, inputs: readonly Lowered[], output: Abstract): Aligned => {
  const rank = output.shape.length
  const operands = inputs.map((x) => raised(x, rank))
  const moved = (order: readonly number[]): number => operands.reduce((sum, x) => sum + (isOrdered(x, order) ? 0 : storedSize(x)), 0)
  const cheapest = operands
    .map((x) => ({ order: x.order, size: storedSize(x), cost: moved(x.order) }))
    .reduce((best, next) => (next.cost < best.cost || (next.cost === best.cost && next.size > best.size) ? next : best)).order
  const stored = output.shape.map((_, axis) => operands.map((x) => x.stored[axis] ?? 1).find((size) => size !== 1) ?? 1)
  const order = sizeOf(stored) < worthMoving ? cheapest : unitsFirst(cheapest, stored)

  const values = operands.map((x, index) => {
    const from = inputs[index] ?? x
    const wanted = dimensionsOf({ order, stored: x.stored })
    if (isOrdered(x, order)) {
      const actual = dimensionsOf(from)
      // One element broadcasts fast only as [1], and needs no reshape for it.
      if (sizeOf(x.stored) === 1) return { value: withDimensions(builder, from.value, actual, [1]), dims: [1] }
      if (fits(actual, wanted)) return { value: from.value, dims: actual }
      return { value: withDimensions(builder, from.value, actual, wanted), dims: wanted }
    }
    const full = { ...x, value: withDimensions(builder, from.value, dimensionsOf(from), dimensionsOf(x)) }
    return { value: arranged(builder, full, order).value, dims: wanted }
  })

  // The result has as many dimensions as the operand with most of them, so one operand must have them all.
  const target = dimensionsOf({ order, stored })
  const longest = Math.max(...values.map(({ dims }) => dims.length))
  const result = (value: string): Lowered => {
    const reached = longest >= rank || rank === 0 ? value : withDimensions(builder, value, target.slice(rank - longest), target)
    return { value: reached, shape: output.shape, dtype: output.dtype, order, stored }
  }
  return { values: values.map(({ value }) => value), result }
}
