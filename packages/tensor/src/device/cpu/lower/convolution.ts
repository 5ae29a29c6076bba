import type { ConvolutionAttributes } from '../../../primitive.js'
import { sizeOf } from '../../../shape.js'
import type { Sizes } from '../../../shape.js'
import type { OnnxBuilder } from '../onnx/builder.js'
import { isOrdered, ordered, orderedValue, plainly, plainValue } from './lowered.js'
import type { Lowered } from './lowered.js'
import { operandAt, outputAt } from './lowering.js'
import type { Lowering } from './lowering.js'
import { Taps } from './taps.js'

/** [C, H, W, N]: the layout for many small maps, in which a convolution is one gather and one matrix product. */
export const mapsInside: readonly number[] = [1, 2, 3, 0]

const manyMaps = 16
const smallMap = 400

/** Whether the windows lie side by side: each cell of the map is in one window, but for a rest at the end that is in none. */
export const isTiling = ({ stride, padding, dilation }: ConvolutionAttributes, kernel: readonly (number | undefined)[]): boolean =>
  kernel.every((size, axis) => size === stride[axis]) && padding.flat().every((amount) => amount === 0) && dilation.every((step) => step === 1)

/**
 * Whether a convolution of x is computed in [C, H, W, N]: where x lies so already, or has many small maps, as the heads that
 * work on regions have (im2col by one gather: 9 ms, by slices of [C, N, H, W]: 58 ms for 512 maps of 7×7×256). Windows that lie
 * side by side read each cell once, so their map may be as large as its windows are many.
 */
export const prefersMapsInside = (x: Lowered, attributes: ConvolutionAttributes, kernel: readonly (number | undefined)[]): boolean => {
  const [maps = 0, , height = 0, width = 0] = x.shape
  const [rows = 1, columns = 1] = isTiling(attributes, kernel) ? kernel : []
  if (attributes.groups !== 1 || sizeOf(x.shape) === 0 || height * width > smallMap * rows * columns) return false
  return maps >= manyMaps || (maps > 1 && isOrdered(x, mapsInside) && !isOrdered(x, [0, 1, 2, 3]))
}

/** ONNX attributes of a convolution's geometry. */
export const geometry = ({ stride, padding: [vertical, horizontal], dilation, groups }: ConvolutionAttributes) => ({
  strides: stride,
  pads: [vertical[0], horizontal[0], vertical[1], horizontal[1]],
  dilations: dilation,
  group: groups
})

/** `[C, places, N]` → `[C · taps, outputs · N]`: for every tap and output the place it reads, or zero. */
export const gatheredTaps = (builder: OnnxBuilder, x: Lowered, taps: Taps): string => {
  const [maps = 0, channels = 0, height = 0, width = 0] = x.shape
  const value = orderedValue(builder, x, mapsInside)
  if (taps.isIdentity) return builder.op('Reshape', [value, builder.ints([channels, height * width * maps])])
  const places = builder.op('Reshape', [value, builder.ints([channels, height * width, maps])])
  const padded = taps.readsZero ? builder.op('Pad', [places, builder.ints([0, 0, 0, 0, 1, 0])]) : places
  const read = builder.op('Gather', [padded, builder.ints(taps.places)], { axis: 1 })
  return builder.op('Reshape', [read, builder.ints([channels * taps.count, -1])])
}

/** A product `[O, outputs · N]` as the tensor `[N, O, OH, OW]` it is. */
export const fromMapsInside = (builder: OnnxBuilder, product: string, shape: Sizes): Lowered => {
  const [maps = 0, channels = 0, height = 0, width = 0] = shape
  return ordered(builder.op('Reshape', [product, builder.ints([channels, height, width, maps])]), { shape, dtype: 'f32' }, mapsInside)
}

/** Every second element along height and width, and the like: `MaxPool` of one cell is the engine's fastest way to take them. */
export const subsampled = (builder: OnnxBuilder, x: string, stride: readonly number[]): string =>
  stride.every((step) => step === 1) ? x : builder.op('MaxPool', [x], { kernel_shape: [1, 1], strides: stride })

export const isPointwise = ({ padding, dilation }: ConvolutionAttributes, kernel: readonly (number | undefined)[]): boolean =>
  kernel.every((size) => size === 1) && padding.flat().every((amount) => amount === 0) && dilation.length === 2

export const conv2d: Lowering<'conv2d'> = ({ builder }, node, inputs) => {
  const { attributes } = node
  const x = operandAt(inputs, 0)
  const w = operandAt(inputs, 1)
  const output = outputAt(node)
  const [outputChannels = 0, inputChannels = 0, ...kernel] = w.shape
  if (sizeOf(output.shape) === 0 || sizeOf(x.shape) === 0) return [plainly(builder.filled('float', output.shape, 0), output)]
  const weights = plainValue(builder, w)
  if (prefersMapsInside(x, attributes, kernel)) {
    const taps = Taps.ofConvolution(attributes, kernel, x.shape, output.shape)
    const matrix = builder.op('Reshape', [weights, builder.ints([outputChannels, inputChannels * taps.count])])
    return [fromMapsInside(builder, builder.op('Gemm', [matrix, gatheredTaps(builder, x, taps)]), output.shape)]
  }
  const value = plainValue(builder, x)
  if (isPointwise(attributes, kernel) && attributes.groups === 1) {
    return [plainly(builder.op('Conv', [subsampled(builder, value, attributes.stride), weights], { kernel_shape: [1, 1] }), output)]
  }
  return [plainly(builder.op('Conv', [value, weights], { ...geometry(attributes), kernel_shape: kernel }), output)]
}
