import type { PoolAttributes } from '../../../primitive.js'
import { sizeOf } from '../../../shape.js'
import type { Sizes } from '../../../shape.js'
import type { OnnxBuilder } from '../onnx/builder.js'
import { bytesOf } from '../onnx/builder.js'
import { dataTypeCode } from '../onnx/schema.js'
import { plainly, plainValue } from './lowered.js'
import type { Lowered } from './lowered.js'
import { operandAt, outputAt } from './lowering.js'
import type { Lowering } from './lowering.js'

/** Maxima of windows of an ONNX value, with −∞ around it. */
const windowMaxima = (builder: OnnxBuilder, x: string, { kernel, stride, padding: [vertical, horizontal], dilation }: PoolAttributes): string => {
  const amounts = [vertical[0], horizontal[0], vertical[1], horizontal[1]]
  // The engine pads by less than a kernel only.
  const isWide = amounts.some((amount, side) => amount >= (kernel[side % 2] ?? 1))
  const [top = 0, left = 0, bottom = 0, right = 0] = amounts
  const padded = isWide ? builder.op('Pad', [x, builder.ints([0, 0, top, left, 0, 0, bottom, right]), builder.floats([-Infinity], [])]) : x
  return builder.op('MaxPool', [padded], { kernel_shape: kernel, strides: stride, dilations: dilation, pads: isWide ? [0, 0, 0, 0] : amounts })
}

/** The engine's maxima begin with its negative, so a window of −∞ alone seems to have that maximum. */
const largestFinite = 3.4028234663852886e38

/** How many whole numbers there are from the bits of 2¹²⁷ to those of +∞. */
const aboveAll = 0x0080_0000

/**
 * Keys that order elements as maxima do: NaN above all numbers, the last of several (as PyTorch's `max_pool2d` chooses), so each NaN of a
 * map becomes a number of its own from 2¹²⁷ on, ascending; numbers are cut off there, and where the engine's maxima begin.
 */
const keysOf = (builder: OnnxBuilder, x: string, [, , height = 0, width = 0]: Sizes): string => {
  const ofNaN = new Float32Array(Int32Array.from({ length: height * width }, (_, position) => 0x7f00_0000 + 1 + (position % (aboveAll - 1))).buffer)
  const cut = builder.op('Clip', [x, builder.floats([-largestFinite], []), builder.floats([2 ** 127], [])])
  return builder.op('Where', [builder.op('IsNaN', [x]), builder.initializer('float', [height, width], bytesOf('float', Array.from(ofNaN))), cut])
}

/** What each tap of a window reads, `[N, C, OH, OW]` each, in scan order; NaN, which equals nothing, outside the map. */
const tapsOf = (builder: OnnxBuilder, x: string, { kernel, stride, padding: [vertical, horizontal], dilation }: PoolAttributes, [, , height = 0, width = 0]: Sizes, [, , rows = 0, columns = 0]: Sizes) => {
  const amounts = [0, 0, vertical[0], horizontal[0], 0, 0, vertical[1], horizontal[1]]
  const padded = amounts.some((amount) => amount > 0) ? builder.op('Pad', [x, builder.ints(amounts), builder.floats([NaN], [])]) : x
  const sides = [height + vertical[0] + vertical[1], width + horizontal[0] + horizontal[1]]
  const axes = builder.ints([2, 3])
  return Array.from({ length: kernel[0] * kernel[1] }, (_, tap) => {
    const offset = [Math.floor(tap / kernel[1]) * dilation[0], (tap % kernel[1]) * dilation[1]] as const
    const phase = [offset[0] % stride[0], offset[1] % stride[1]] as const
    const start = [Math.floor(offset[0] / stride[0]), Math.floor(offset[1] / stride[1])] as const
    const dense = stride[0] * stride[1] === 1 ? padded : builder.op('Slice', [padded, builder.ints(phase), builder.ints(sides), axes, builder.ints(stride)])
    return { phase, start, offset, value: builder.op('Slice', [dense, builder.ints(start), builder.ints([start[0] + rows, start[1] + columns]), axes]) }
  })
}

/** The flat index in its map of what a tap reads, for every window: `[OH, OW]`. */
const indicesOf = (builder: OnnxBuilder, [down, right]: readonly [number, number], { stride, padding }: PoolAttributes, width: number, [rows = 0, columns = 0]: Sizes): string => {
  const indices = Array.from({ length: rows * columns }, (_, window) => {
    const y = Math.floor(window / columns) * stride[0] - padding[0][0] + down
    const x = (window % columns) * stride[1] - padding[1][0] + right
    return y * width + x
  })
  return builder.initializer('int32', [rows, columns], bytesOf('int32', indices))
}

export const maxPool2d: Lowering<'maxPool2d'> = ({ builder, uses }, node, inputs) => {
  const { attributes } = node
  const x = operandAt(inputs, 0)
  const output = outputAt(node)
  const shape = output.shape
  if (sizeOf(shape) === 0) return [plainly(builder.filled('float', shape, 0), output), plainly(builder.filled('int32', shape, 0), outputAt(node, 1))]
  const value = plainValue(builder, x)
  const isNan = builder.op('Cast', [builder.op('IsNaN', [value])], { to: dataTypeCode.float })
  const anyNan = builder.op('Greater', [windowMaxima(builder, isNan, attributes), builder.floats([0])])
  // The engine's maximum passes over NaN.
  const found = windowMaxima(builder, value, attributes)
  const numbers = builder.op('Where', [builder.op('Equal', [found, builder.floats([-largestFinite])]), builder.floats([-Infinity]), found])
  const maxima = builder.op('Where', [anyNan, builder.floats([NaN]), numbers])
  const values = plainly(maxima, output)
  if (uses(node, 1) === 0) return [values, plainly(maxima, output)]

  const keys = keysOf(builder, value, x.shape)
  const largestKeys = windowMaxima(builder, keys, attributes)
  const taps = tapsOf(builder, keys, attributes, x.shape, shape)
  const none = builder.initializer('int32', [1], bytesOf('int32', [0]))
  const equal = (tap: string): string => builder.op('Equal', [tap, largestKeys])
  // From the last tap to the first, so that the first of equals stays.
  const indices = taps.toReversed().reduce(
    (best, tap) => builder.op('Where', [equal(tap.value), indicesOf(builder, tap.offset, attributes, x.shape[3] ?? 0, shape.slice(2)), best]),
    builder.op('Expand', [none, builder.ints(shape)])
  )
  return [values, plainly(indices, outputAt(node, 1))]
}

/**
 * Cotangents at each window's first maximum. Every tap takes what no tap before it took where it equals the maximum; the taps of
 * one phase of the strided map are added up there, and the phases interleave to the map. (Indices and a scatter take half as
 * long again, and only one thread.)
 */
export const maxPool2dGradient: Lowering<'maxPool2dGradient'> = ({ builder }, node, inputs) => {
  const { attributes } = node
  const { kernel, stride, padding, dilation } = attributes
  const x = operandAt(inputs, 0)
  const dy = operandAt(inputs, 1)
  const output = outputAt(node)
  if (sizeOf(dy.shape) === 0) return [plainly(builder.filled('float', output.shape, 0), output)]
  const [maps = 0, channels = 0, height = 0, width = 0] = x.shape
  const [, , rows = 0, columns = 0] = dy.shape
  const keys = keysOf(builder, plainValue(builder, x), x.shape)
  const maxima = windowMaxima(builder, keys, attributes)
  const taps = tapsOf(builder, keys, attributes, x.shape, dy.shape)

  let rest = plainValue(builder, dy)
  const parts = taps.map((tap, index) => {
    const isMaximum = builder.op('Cast', [builder.op('Equal', [tap.value, maxima])], { to: dataTypeCode.float })
    const part = builder.op('Mul', [rest, isMaximum])
    if (index < taps.length - 1) rest = builder.op('Sub', [rest, part])
    return { ...tap, value: part }
  })

  const reach = ([0, 1] as const).map((axis) => Math.floor((dilation[axis] * (kernel[axis] - 1)) / stride[axis]))
  const cover = ([0, 1] as const).map((axis) => {
    const padded = (axis === 0 ? height : width) + padding[axis][0] + padding[axis][1]
    return Math.max((axis === 0 ? rows : columns) + (reach[axis] ?? 0), Math.ceil(padded / stride[axis]))
  })
  const [coverRows = 0, coverColumns = 0] = cover
  const placed = (part: (typeof parts)[number]): string =>
    builder.op('Pad', [part.value, builder.ints([0, 0, ...part.start, 0, 0, coverRows - rows - part.start[0], coverColumns - columns - part.start[1]])])
  const phase = (row: number, column: number): string => {
    const [first, ...others] = parts.filter((part) => part.phase[0] === row && part.phase[1] === column).map(placed)
    if (first === undefined) return builder.filled('float', [maps, channels, coverRows, coverColumns], 0)
    return others.reduce((sum, part) => builder.op('Add', [sum, part]), first)
  }
  const joined = (values: readonly string[], axis: number): string => (values.length === 1 ? (values[0] ?? '') : builder.op('Concat', values, { axis }))
  const lines = Array.from({ length: stride[0] }, (_, row) => {
    const cells = Array.from({ length: stride[1] }, (_, column) => builder.op('Reshape', [phase(row, column), builder.ints([maps, channels, coverRows, coverColumns, 1])]))
    return builder.op('Reshape', [joined(cells, 4), builder.ints([maps, channels, coverRows, 1, coverColumns * stride[1]])])
  })
  const whole = builder.op('Reshape', [joined(lines, 3), builder.ints([maps, channels, coverRows * stride[0], coverColumns * stride[1]])])
  const start = [padding[0][0], padding[1][0]] as const
  const cut = builder.op('Slice', [whole, builder.ints(start), builder.ints([start[0] + height, start[1] + width]), builder.ints([2, 3])])
  return [plainly(cut, output)]
}

export const upsampleNearest: Lowering<'upsampleNearest'> = ({ builder }, node, inputs) => {
  const x = operandAt(inputs, 0)
  const output = outputAt(node)
  if (sizeOf(output.shape) === 0) return [plainly(builder.filled('float', output.shape, 0), output)]
  const value = builder.op('Resize', [plainValue(builder, x), '', '', builder.ints(output.shape)], {
    mode: 'nearest',
    coordinate_transformation_mode: 'asymmetric',
    nearest_mode: 'floor'
  })
  return [plainly(value, output)]
}

export const windowSum: Lowering<'windowSum'> = ({ builder }, node, inputs) => {
  const { factor } = node.attributes
  const output = outputAt(node)
  const x: Lowered = operandAt(inputs, 0)
  if (sizeOf(output.shape) === 0) return [plainly(builder.filled('float', output.shape, 0), output)]
  const means = builder.op('AveragePool', [plainValue(builder, x)], { kernel_shape: factor, strides: factor })
  return [plainly(builder.op('Mul', [means, builder.floats([factor[0] * factor[1]])]), output)]
}
