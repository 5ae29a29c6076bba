import { sizeOf } from '../../../shape.js'
import type { Sizes } from '../../../shape.js'
import type { OnnxBuilder } from '../onnx/builder.js'
import { bytesOf } from '../onnx/builder.js'
import { dataTypeCode } from '../onnx/schema.js'
import { axesOf, dimensionsOf, elementType, ordered, orderedValue, plainly, plainValue, unstretched, withDimensions } from './lowered.js'
import type { Lowered } from './lowered.js'
import { operandAt, outputAt } from './lowering.js'
import type { Lowering } from './lowering.js'
import { reshaped } from './movement.js'

const int32 = (builder: OnnxBuilder, values: readonly number[], dims: Sizes = [values.length]): string => builder.initializer('int32', dims, bytesOf('int32', values))

/** Indices as a flat int32 value in which a negative one is out of range above too, for the engine counts those from the end. */
const flatIndices = (builder: OnnxBuilder, indices: Lowered, size: number): string => {
  const flat = withDimensions(builder, plainValue(builder, indices), dimensionsOf(plainly('', indices)), [sizeOf(indices.shape)])
  return builder.op('Where', [builder.op('Less', [flat, int32(builder, [0])]), int32(builder, [size]), flat])
}

/**
 * Indices into `batches` stacked tables of `size` rows, flat; each batch has `count` indices into its own table. One that is out
 * of range points behind all tables, and not into a neighbour's.
 */
const stackedIndices = (builder: OnnxBuilder, indices: Lowered, batches: number, count: number, size: number): string => {
  const flat = flatIndices(builder, indices, size)
  if (batches === 1) return flat
  const inside = builder.op('Where', [builder.op('Less', [flat, int32(builder, [size])]), flat, int32(builder, [batches * size])])
  const offsets = int32(builder, Array.from({ length: batches }, (_, batch) => batch * size), [batches, 1])
  const sums = builder.op('Add', [builder.op('Reshape', [inside, builder.ints([batches, count])]), offsets])
  return builder.op('Reshape', [sums, builder.ints([batches * count])])
}

/** Batch axes first, then the indexed axis, then the others. */
const tableOrder = (rank: number, axis: number, batchDims: number): readonly number[] => [
  ...axesOf(batchDims),
  axis,
  ...axesOf(rank).filter((a) => a >= batchDims && a !== axis)
]

export const gather: Lowering<'gather'> = ({ builder }, node, inputs) => {
  const { axis, batchDims } = node.attributes
  const output = outputAt(node)
  const indices = operandAt(inputs, 1)
  const count = sizeOf(indices.shape.slice(batchDims))
  const x = operandAt(inputs, 0)
  const size = x.shape[axis] ?? 0
  if (sizeOf(output.shape) === 0) return [plainly(builder.filled(elementType[x.dtype], output.shape, 0), output)]
  const resized = (sizes: Sizes): Sizes => sizes.map((old, a) => (a === axis ? count : old))
  if (batchDims === 0) {
    const source = unstretched(builder, x, [axis])
    const value = builder.op('Gather', [source.value, flatIndices(builder, indices, size)], { axis: source.order.indexOf(axis) })
    return [reshaped(builder, { ...source, value, shape: resized(x.shape), stored: resized(source.stored) }, output.shape)]
  }
  const order = tableOrder(x.shape.length, axis, batchDims)
  const batches = sizeOf(x.shape.slice(0, batchDims))
  const rest = sizeOf(x.shape) / Math.max(1, batches * size)
  const table = builder.op('Reshape', [orderedValue(builder, x, order), builder.ints([batches * size, rest])])
  const rows = builder.op('Gather', [table, stackedIndices(builder, indices, batches, count, size)], { axis: 0 })
  const gathered = { shape: resized(x.shape), dtype: x.dtype }
  const value = builder.op('Reshape', [rows, builder.ints(dimensionsOf({ order, stored: gathered.shape }))])
  return [reshaped(builder, ordered(value, gathered, order), output.shape)]
}

/**
 * The engine's ScatterND with a reduction loses updates where rows repeat and it runs on several threads; without a reduction
 * it is right for rows that do not. Repeated rows go through ScatterElements, which is sequential and right.
 */
export const scatterAdd: Lowering<'scatterAdd'> = ({ builder }, node, inputs) => {
  const { axis, batchDims, size, uniqueIndices } = node.attributes
  const output = outputAt(node)
  const indices = operandAt(inputs, 0)
  const updates = operandAt(inputs, 1)
  const type = elementType[updates.dtype]
  const indexed = indices.shape.slice(batchDims)
  const count = sizeOf(indexed)
  if (sizeOf(output.shape) === 0 || sizeOf(updates.shape) === 0) return [plainly(builder.filled(type, output.shape, 0), output)]
  const merged = [...updates.shape.slice(0, axis), count, ...updates.shape.slice(axis + indexed.length)]
  const order = tableOrder(merged.length, axis, batchDims)
  const batches = sizeOf(merged.slice(0, batchDims))
  const rest = sizeOf(merged) / (batches * count)
  const rows = builder.op('Reshape', [orderedValue(builder, reshaped(builder, updates, merged), order), builder.ints([batches * count, rest])])
  const places = builder.op('Cast', [stackedIndices(builder, indices, batches, count, size)], { to: dataTypeCode.int64 })
  const column = builder.op('Reshape', [places, builder.ints([batches * count, 1])])
  const zeros = builder.filled(type, [batches * size, rest], 0)
  const scattered =
    uniqueIndices || count === 1
      ? builder.op('ScatterND', [zeros, column, rows])
      : builder.op('ScatterElements', [zeros, builder.op('Expand', [column, builder.ints([batches * count, rest])]), rows], { axis: 0, reduction: 'add' })
  const value = builder.op('Reshape', [scattered, builder.ints(dimensionsOf({ order, stored: output.shape }))])
  return [ordered(value, output, order)]
}
