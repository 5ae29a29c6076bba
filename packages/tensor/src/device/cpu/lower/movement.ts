import { sameShape, sizeOf } from '../../../shape.js'
import type { Sizes } from '../../../shape.js'
import type { OnnxBuilder } from '../onnx/builder.js'
import { bytesOf } from '../onnx/builder.js'
import { arranged, axesOf, dimensionsOf, elementType, isStretched, plainly, plainValue, unstretched, withDimensions } from './lowered.js'
import type { Lowered } from './lowered.js'
import { operandAt, outputAt } from './lowering.js'
import type { Lowering, LoweringContext } from './lowering.js'

/** Consecutive axes of a shape that become consecutive axes of another. */
interface Group {
  readonly from: readonly number[]
  readonly to: readonly number[]
}

/** The finest groups of axes with equal products, for shapes of equal, positive size. */
const groupsOf = (from: Sizes, to: Sizes): readonly Group[] => {
  const groups: Group[] = []
  let [i, j] = [0, 0]
  while (i < from.length || j < to.length) {
    const group = { from: [] as number[], to: [] as number[] }
    let [a, b] = [1, 1]
    const takeFrom = (): void => {
      a *= from[i] ?? 1
      group.from.push(i++)
    }
    const takeTo = (): void => {
      b *= to[j] ?? 1
      group.to.push(j++)
    }
    if (i < from.length) takeFrom()
    else takeTo()
    while (a !== b) {
      if (a < b) takeFrom()
      else takeTo()
    }
    groups.push(group)
  }
  return groups
}

/**
 * The same elements in another shape. Free as long as the axes that merge or split lie side by side in memory; axes along
 * which the tensor repeats stay unstored where whole groups of them do.
 */
export const reshaped = (builder: OnnxBuilder, x: Lowered, shape: Sizes): Lowered => {
  if (sameShape(x.shape, shape)) return x
  const output = { shape, dtype: x.dtype }
  if (sizeOf(shape) === 0) return plainly(withDimensions(builder, plainValue(builder, x), dimensionsOf({ order: axesOf(x.shape.length), stored: x.shape }), dimensionsOf({ order: axesOf(shape.length), stored: shape })), output)
  const groups = groupsOf(x.shape, shape)
  const isLong = (axis: number): boolean => (x.shape[axis] ?? 1) !== 1
  const repeats = ({ from }: Group): boolean => from.every((axis) => !isLong(axis) || isStretched(x, axis))
  const full = unstretched(builder, x, groups.flatMap((group) => (repeats(group) ? [] : group.from)))
  const kept = groups.filter((group) => !repeats(group))
  const repeated = groups.filter(repeats)

  // Where each group's long axes are in memory; side by side and in order they merge and split in place.
  const inMemory = full.order.filter((axis) => (full.stored[axis] ?? 1) !== 1)
  const places = kept.map((group) => ({ group, places: group.from.filter(isLong).map((axis) => inMemory.indexOf(axis)) }))
  const together = places.every(({ places: at }) => at.every((place, k) => place === (at[0] ?? 0) + k))
  const source = together ? full : arranged(builder, full, axesOf(x.shape.length))
  const sequence = together ? places.toSorted((a, b) => (a.places[0] ?? 0) - (b.places[0] ?? 0)).map(({ group }) => group) : kept
  const order = together ? [...repeated, ...sequence].flatMap(({ to }) => to) : axesOf(shape.length)
  const once = new Set(repeated.flatMap(({ to }) => to))
  const stored = shape.map((size, axis) => (once.has(axis) ? 1 : size))
  return { ...output, order, stored, value: withDimensions(builder, source.value, dimensionsOf(source), dimensionsOf({ order, stored })) }
}

export const reshape: Lowering<'reshape'> = ({ builder }, { attributes: { shape } }, inputs) => [reshaped(builder, operandAt(inputs, 0), shape)]

/** x with its axes in another order; nothing moves. Axis k of the result is axis `permutation[k]` of x. */
export const transposed = (x: Lowered, permutation: readonly number[]): Lowered => ({
  ...x,
  shape: permutation.map((axis) => x.shape[axis] ?? 1),
  stored: permutation.map((axis) => x.stored[axis] ?? 1),
  order: x.order.map((axis) => permutation.indexOf(axis))
})

export const transpose: Lowering<'transpose'> = (_context, { attributes: { permutation } }, inputs) => [transposed(operandAt(inputs, 0), permutation)]

export const broadcastTo: Lowering<'broadcastTo'> = ({ builder }, { attributes: { shape } }, inputs) => {
  const x = operandAt(inputs, 0)
  const missing = shape.length - x.shape.length
  const stored = shape.map((size, axis) => (size === 0 ? 1 : (x.stored[axis - missing] ?? 1)))
  const order = [...axesOf(missing), ...x.order.map((axis) => axis + missing)]
  const once: Lowered = { value: withDimensions(builder, x.value, dimensionsOf(x), dimensionsOf({ order, stored })), shape, dtype: x.dtype, order, stored }
  return [shape.includes(0) ? plainly(builder.filled(elementType[x.dtype], shape, 0), { shape, dtype: x.dtype }) : once]
}

export const slice: Lowering<'slice'> = ({ builder }, node, inputs) => {
  const { start, limit, stride } = node.attributes
  const output = outputAt(node)
  const x = operandAt(inputs, 0)
  if (sizeOf(output.shape) === 0) return [plainly(builder.filled(elementType[x.dtype], output.shape, 0), output)]
  const cut = axesOf(x.shape.length).filter((axis) => output.shape[axis] !== x.shape[axis] && !isStretched(x, axis))
  const stored = x.stored.map((size, axis) => (isStretched(x, axis) ? 1 : cut.includes(axis) ? (output.shape[axis] ?? 1) : size))
  if (cut.length === 0) return [{ ...x, shape: output.shape, stored }]
  const pick = (numbers: readonly number[]): string => builder.ints(cut.map((axis) => numbers[axis] ?? 0))
  const value = builder.op('Slice', [x.value, pick(start), pick(limit), builder.ints(cut.map((axis) => x.order.indexOf(axis))), pick(stride)])
  return [{ ...x, value, shape: output.shape, stored }]
}

/** x with `amount` fill elements after each element along an axis but the last. */
const spread = (builder: OnnxBuilder, x: Lowered, axis: number, amount: number, fill: number): Lowered => {
  const size = x.shape[axis] ?? 0
  const place = x.order.indexOf(axis)
  const dims = dimensionsOf(x)
  const split = [...dims.slice(0, place + 1), 1, ...dims.slice(place + 1)]
  const gaps = builder.filled(elementType[x.dtype], split.map((length, k) => (k === place + 1 ? amount : length)), fill)
  const joined = builder.op('Concat', [withDimensions(builder, x.value, dims, split), gaps], { axis: place + 1 })
  const merged = dims.map((length, k) => (k === place ? length * (amount + 1) : length))
  const flat = builder.op('Reshape', [joined, builder.ints(merged)])
  const length = size * (amount + 1) - amount
  const value = builder.op('Slice', [flat, builder.ints([0]), builder.ints([length]), builder.ints([place])])
  const resized = (sizes: Sizes): Sizes => sizes.map((old, a) => (a === axis ? length : old))
  return { ...x, value, shape: resized(x.shape), stored: resized(x.stored) }
}

export const pad: Lowering<'pad'> = ({ builder }, node, inputs) => {
  const { low, high, interior, value: fill } = node.attributes
  const output = outputAt(node)
  const x = operandAt(inputs, 0)
  const type = elementType[x.dtype]
  if (sizeOf(x.shape) === 0) return [plainly(builder.filled(type, output.shape, fill), output)]
  const widened = axesOf(x.shape.length).filter((axis) => output.shape[axis] !== x.shape[axis])
  const full = unstretched(builder, x, widened)
  const between = widened.filter((axis) => (interior[axis] ?? 0) > 0 && (x.shape[axis] ?? 0) > 1)
  const apart = between.reduce((y, axis) => spread(builder, y, axis, interior[axis] ?? 0, fill), full)
  const around = widened.filter((axis) => (low[axis] ?? 0) + (high[axis] ?? 0) > 0)
  const stored = output.shape.map((size, axis) => (isStretched(full, axis) ? 1 : size))
  if (around.length === 0) return [{ ...apart, shape: output.shape, stored }]
  const amounts = [...apart.order.map((axis) => low[axis] ?? 0), ...apart.order.map((axis) => high[axis] ?? 0)]
  const value = builder.op('Pad', [apart.value, builder.ints(amounts), builder.initializer(type, [], bytesOf(type, [fill]))])
  return [{ ...apart, value, shape: output.shape, stored }]
}

export const concatenate: Lowering<'concatenate'> = ({ builder }, node, inputs) => {
  const { axis } = node.attributes
  const output = outputAt(node)
  // What only some operands repeat must be stored by all.
  const mixed = axesOf(output.shape.length).filter((a) => a === axis || inputs.some((x) => !isStretched(x, a)))
  const operands = inputs.filter((x) => (x.shape[axis] ?? 0) > 0).map((x) => unstretched(builder, x, mixed))
  const largest = operands.reduce<Lowered | undefined>((best, x) => (best === undefined || sizeOf(x.stored) > sizeOf(best.stored) ? x : best), undefined)
  if (largest === undefined) return [plainly(builder.filled(elementType[output.dtype], output.shape, 0), output)]
  const { order } = largest
  const stored = output.shape.map((size, a) => (isStretched(largest, a) ? 1 : size))
  const values = operands.map((x) => arranged(builder, x, order).value)
  const value = values.length === 1 ? largest.value : builder.op('Concat', values, { axis: order.indexOf(axis) })
  return [{ value, ...output, order, stored }]
}

/** x back to front along axes. */
export const reversed = ({ builder }: Pick<LoweringContext, 'builder'>, x: Lowered, axes: readonly number[]): Lowered => {
  const turned = axes.filter((axis) => (x.stored[axis] ?? 1) > 1)
  if (turned.length === 0) return x
  const all = (value: number): string => builder.ints(turned.map(() => value))
  // Slice runs backwards from the last element to before the first, which only the smallest integers can say.
  const value = builder.op('Slice', [x.value, all(-1), all(-(2 ** 31)), builder.ints(turned.map((axis) => x.order.indexOf(axis))), all(-1)])
  return { ...x, value }
}

export const reverse: Lowering<'reverse'> = (context, { attributes: { axes } }, inputs) => [reversed(context, operandAt(inputs, 0), axes)]
