import type { Attributes } from '../../../primitive.js'
import { sizeOf } from '../../../shape.js'
import type { Sizes } from '../../../shape.js'
import type { OnnxBuilder } from '../onnx/builder.js'
import { fromMapsInside, gatheredTaps, geometry, isPointwise, isTiling, mapsInside, prefersMapsInside } from './convolution.js'
import { orderedValue, plainly, plainValue } from './lowered.js'
import type { Lowered } from './lowered.js'
import { operandAt, outputAt } from './lowering.js'
import type { Lowering } from './lowering.js'
import { Taps } from './taps.js'

type Geometry = Attributes['conv2dInputGradient']

/** `[O, C, KH, KW]` → `[C, O, KH, KW]`. */
const swapped = (builder: OnnxBuilder, w: Lowered): string => orderedValue(builder, w, [1, 0, 2, 3])

/** `[O, C, KH, KW]` → `[C, O, KH, KW]`, kernels turned by half a turn: one gather along the merged taps is the fastest way. */
const turned = (builder: OnnxBuilder, w: Lowered): string => {
  const [outputs = 0, channels = 0, rows = 0, columns = 0] = w.shape
  const taps = builder.op('Reshape', [swapped(builder, w), builder.ints([channels, outputs, rows * columns])])
  const backwards = builder.ints(Array.from({ length: rows * columns }, (_, tap) => rows * columns - 1 - tap))
  return builder.op('Reshape', [builder.op('Gather', [taps, backwards], { axis: 2 }), builder.ints([channels, outputs, rows, columns])])
}

/** x with `steps − 1` zeros after each cell along height and width, cut to `size`. */
const interleavedWithZeros = (builder: OnnxBuilder, x: string, [maps = 0, channels = 0, height = 0, width = 0]: Sizes, [down, right]: readonly [number, number], size: readonly [number, number]): string => {
  const zeros = (dims: readonly number[]): string => builder.filled('float', dims, 0)
  const widened = builder.op('Reshape', [
    builder.op('Concat', [builder.op('Reshape', [x, builder.ints([maps, channels, height, width, 1])]), ...(right > 1 ? [zeros([maps, channels, height, width, right - 1])] : [])], { axis: 4 }),
    builder.ints([maps, channels, height, 1, width * right])
  ])
  const heightened = builder.op('Concat', [widened, ...(down > 1 ? [zeros([maps, channels, height, down - 1, width * right])] : [])], { axis: 3 })
  const spread = builder.op('Reshape', [heightened, builder.ints([maps, channels, height * down, width * right])])
  return height * down === size[0] && width * right === size[1]
    ? spread
    : builder.op('Slice', [spread, builder.ints([0, 0]), builder.ints(size), builder.ints([2, 3])])
}

/** 3×3 at stride 2, padding 1, onto an even map: each of the four phases of the map is a small convolution of its own. */
const byPhases = (builder: OnnxBuilder, dy: string, w: Lowered, [maps = 0, , height = 0, width = 0]: Sizes): string => {
  const channels = w.shape[1] ?? 0
  const weights = swapped(builder, w)
  // Rows 0, 2 … of the map see the middle tap, rows 1, 3 … the last one and, of the next result, the first.
  const taps = [[1], [2, 0]] as const
  const picked = (rows: readonly number[], columns: readonly number[]): string =>
    builder.op('Gather', [builder.op('Gather', [weights, builder.ints(rows)], { axis: 2 }), builder.ints(columns)], { axis: 3 })
  const phase = (row: 0 | 1, column: 0 | 1): string => {
    const value = builder.op('Conv', [dy, picked(taps[row], taps[column])], { pads: [0, 0, row, column] })
    return builder.op('Reshape', [value, builder.ints([maps, channels, height, width, 1])])
  }
  const rows = ([0, 1] as const).map((row) =>
    builder.op('Reshape', [builder.op('Concat', [phase(row, 0), phase(row, 1)], { axis: 4 }), builder.ints([maps, channels, height, 1, 2 * width])])
  )
  return builder.op('Reshape', [builder.op('Concat', rows, { axis: 3 }), builder.ints([maps, channels, 2 * height, 2 * width])])
}

/**
 * Windows that lie side by side: every cell of the map gets from one window through one tap, so one product computes all taps of all
 * windows, `[C · taps, windows · N]`, and one gather puts them where they belong.
 */
const byTiles = (builder: OnnxBuilder, dy: Lowered, w: Lowered, output: Sizes): Lowered => {
  const [outputs = 0, channels = 0, rows = 0, columns = 0] = w.shape
  const [maps = 0, , high = 0, wide = 0] = dy.shape
  const [, , height = 0, width = 0] = output
  const windows = high * wide
  const matrix = builder.op('Reshape', [plainValue(builder, w), builder.ints([outputs, channels * rows * columns])])
  const cotangents = builder.op('Reshape', [orderedValue(builder, dy, mapsInside), builder.ints([outputs, windows * maps])])
  const product = builder.op('Gemm', [matrix, cotangents], { transA: 1 })
  if (rows * columns === 1) return fromMapsInside(builder, product, output)
  const places = Array.from({ length: height * width }, (_, cell) => {
    const [y, x] = [Math.floor(cell / width), cell % width]
    const tap = (y % rows) * columns + (x % columns)
    return tap * windows + Math.floor(y / rows) * wide + Math.floor(x / columns)
  })
  const taps = builder.op('Reshape', [product, builder.ints([channels, rows * columns * windows, maps])])
  return fromMapsInside(builder, builder.op('Gather', [taps, builder.ints(places)], { axis: 1 }), output)
}

const extraOutput = ({ stride, padding, dilation, inputSize }: Geometry, kernel: Sizes, dy: Sizes): readonly number[] =>
  ([0, 1] as const).map(
    (axis) => inputSize[axis] - (((dy[2 + axis] ?? 0) - 1) * stride[axis] - padding[axis][0] - padding[axis][1] + dilation[axis] * ((kernel[axis] ?? 1) - 1) + 1)
  )

export const conv2dInputGradient: Lowering<'conv2dInputGradient'> = ({ builder }, node, inputs) => {
  const { attributes } = node
  const { stride, padding, dilation, groups, inputSize } = attributes
  const dy = operandAt(inputs, 0)
  const w = operandAt(inputs, 1)
  const output = outputAt(node)
  const kernel = w.shape.slice(2)
  const [outputs = 0, channels = 0] = w.shape
  const [, , height = 0, width = 0] = dy.shape
  const done = (value: string): readonly Lowered[] => [plainly(value, output)]
  if (sizeOf(dy.shape) === 0 || sizeOf(w.shape) === 0) return done(builder.filled('float', output.shape, 0))

  const isCovered = inputSize[0] === height * stride[0] && inputSize[1] === width * stride[1]
  const areMapsInside = prefersMapsInside(dy, { ...attributes, stride: [1, 1] }, kernel)
  if (areMapsInside && isCovered && isTiling(attributes, kernel)) return [byTiles(builder, dy, w, output.shape)]
  if (areMapsInside && inputSize[0] * inputSize[1] <= 4 * height * width + 400) {
    const taps = Taps.ofTranspose(attributes, kernel, dy.shape, output.shape)
    const matrix = builder.op('Reshape', [swapped(builder, w), builder.ints([channels, outputs * taps.count])])
    return [fromMapsInside(builder, builder.op('Gemm', [matrix, gatheredTaps(builder, dy, taps)]), output.shape)]
  }
  const value = plainValue(builder, dy)
  const square = (size: number): boolean => kernel.every((side) => side === size)
  if (groups === 1 && isPointwise(attributes, kernel)) {
    const dense = builder.op('Conv', [value, swapped(builder, w)], { kernel_shape: [1, 1] })
    const shape = [dy.shape[0] ?? 0, channels, height, width]
    return done(stride.every((step) => step === 1) ? dense : interleavedWithZeros(builder, dense, shape, stride, inputSize))
  }
  // Below this many cells for each channel, the transposed convolution's smaller im2col wins (measured: 16×16×256 3.6 against 5.2 ms).
  const large = height * width >= 2.5 * channels
  const reach = (axis: 0 | 1): number => dilation[axis] * ((kernel[axis] ?? 1) - 1)
  if (groups === 1 && large && stride.every((step) => step === 1) && padding.every(([before, after], axis) => before <= reach(axis as 0 | 1) && after <= reach(axis as 0 | 1))) {
    const [vertical, horizontal] = padding
    const pads = [reach(0) - vertical[0], reach(1) - horizontal[0], reach(0) - vertical[1], reach(1) - horizontal[1]]
    return done(builder.op('Conv', [value, turned(builder, w)], { pads, dilations: dilation, kernel_shape: kernel }))
  }
  const isHalving = stride.every((step) => step === 2) && dilation.every((step) => step === 1) && padding.every(([before]) => before === 1)
  if (groups === 1 && square(3) && isHalving && inputSize[0] === 2 * height && inputSize[1] === 2 * width && height * width >= 6000) {
    return done(byPhases(builder, value, w, dy.shape))
  }
  const attributesOfTranspose = { ...geometry(attributes), kernel_shape: kernel, output_padding: extraOutput(attributes, kernel, dy.shape) }
  return done(builder.op('ConvTranspose', [value, plainValue(builder, w)], attributesOfTranspose))
}
