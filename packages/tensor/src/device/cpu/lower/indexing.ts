import { sizeOf } from '../../../shape.js'
import type { Sizes } from '../../../shape.js'
import type { OnnxBuilder } from '../onnx/builder.js'
import { bytesOf } from '../onnx/builder.js'
import { dataTypeCode } from '../onnx/schema.js'
import type { ElementType } from '../onnx/schema.js'
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

/** Fewer elements than this are added up one by one faster than they are sorted. */
const worthSorting = 16384

/**
 * Rows `[n, rest]` with those of equal index added up: a row for each index that occurs, and the indices `[rows, 1]`, ascending. Sorted,
 * equal indices lie side by side; a row then takes what lies 1, 2, 4 … before it, as long as any row finds its own index there (Hillis &
 * Steele 1986), and the last row of each index has the sum. The order of additions depends on the indices alone.
 */
const sumsOfEqual = (builder: OnnxBuilder, type: ElementType, places: string, rows: string, count: number, rest: number): { readonly places: string; readonly rows: string } => {
  const [sorted = '', order = ''] = builder.ops('TopK', [places, builder.ints([count])], 2, { axis: 0, largest: 0, sorted: 1 })
  const numbers = builder.op('Range', [builder.int(0), builder.int(count), builder.int(1)])
  /** The row `distance` before each, and whether it has the same index. */
  const before = (inside: OnnxBuilder, distance: string) => {
    const row = inside.op('Sub', [numbers, distance])
    const place = inside.op('Max', [row, inside.ints([0])])
    const isSame = inside.op('And', [inside.op('GreaterOrEqual', [row, inside.ints([0])]), inside.op('Equal', [inside.op('Gather', [sorted, place], { axis: 0 }), sorted])])
    const any = inside.op('ReduceMax', [inside.op('Cast', [isSame], { to: dataTypeCode.int32 })], { keepdims: 0 })
    return { place, isSame, goesOn: inside.op('Cast', [any], { to: dataTypeCode.bool }) }
  }
  const body = builder.branch()
  body.input(body.name(), 'int64', [])
  body.input(body.name(), 'bool', [])
  const distance = body.input(body.name(), 'int64', [1])
  const sums = body.input(body.name(), type, [count, rest])
  const { place, isSame } = before(body, distance)
  // Chosen and not multiplied by zero, which would carry infinities over to other indices.
  const earlier = [body.op('Reshape', [isSame, body.ints([count, 1])]), body.op('Gather', [sums, place], { axis: 0 }), body.initializer(type, [1], bytesOf(type, [0]))]
  const next = body.op('Add', [sums, body.op('Where', earlier)])
  const doubled = body.op('Add', [distance, distance])
  body.output(before(body, doubled).goesOn, body.name(), 'bool', [])
  body.output(doubled, body.name(), 'int64', [1])
  body.output(next, body.name(), type, [count, rest])
  const start = [builder.ints([1]), builder.op('Gather', [rows, order], { axis: 0 })]
  const [, summed = ''] = builder.ops('Loop', ['', before(builder, builder.ints([1])).goesOn, ...start], 2, { body: { graph: body.graph() } })

  const after = builder.op('Gather', [sorted, builder.op('Min', [builder.op('Add', [numbers, builder.ints([1])]), builder.ints([count - 1])])], { axis: 0 })
  const isLast = builder.op('Or', [builder.op('Not', [builder.op('Equal', [after, sorted])]), builder.op('Equal', [numbers, builder.ints([count - 1])])])
  const last = builder.op('Reshape', [builder.op('NonZero', [isLast]), builder.ints([-1])])
  return {
    places: builder.op('Reshape', [builder.op('Gather', [sorted, last], { axis: 0 }), builder.ints([-1, 1])]),
    rows: builder.op('Gather', [summed, last], { axis: 0 })
  }
}

/**
 * The engine's ScatterND with a reduction loses updates where rows repeat and it runs on several threads; without a reduction
 * it is right for rows that do not. Repeated rows are added up before; a few of them go through ScatterElements, which is right but
 * takes element after element (4608 × 256: 40 ms).
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
  const unique = (): string => {
    const sums = sumsOfEqual(builder, type, places, rows, batches * count, rest)
    return builder.op('ScatterND', [zeros, sums.places, sums.rows])
  }
  const scattered =
    uniqueIndices || count === 1
      ? builder.op('ScatterND', [zeros, column, rows])
      : rest >= 8 && batches * count * rest >= worthSorting
      ? unique()
      : builder.op('ScatterElements', [zeros, builder.op('Expand', [column, builder.ints([batches * count, rest])]), rows], { axis: 0, reduction: 'add' })
  const value = builder.op('Reshape', [scattered, builder.ints(dimensionsOf({ order, stored: output.shape }))])
  return [ordered(value, output, order)]
}
