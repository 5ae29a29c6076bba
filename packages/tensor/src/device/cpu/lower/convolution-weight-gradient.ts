import type { Attributes } from '../../../primitive.js'
import { sizeOf } from '../../../shape.js'
import type { Sizes } from '../../../shape.js'
import type { OnnxBuilder } from '../onnx/builder.js'
import { gatheredTaps, geometry, isPointwise, mapsInside, prefersMapsInside, subsampled } from './convolution.js'
import { orderedValue, plainly, plainValue } from './lowered.js'
import type { Lowered } from './lowered.js'
import { operandAt, outputAt } from './lowering.js'
import type { Lowering } from './lowering.js'
import { Taps } from './taps.js'

type Geometry = Attributes['conv2dWeightGradient']

/** `[C, N, H, W]`: channels outside, so that the places of all maps are one axis of a matrix. */
const channelsOutside = [1, 0, 2, 3]

/** Maps `[C, N, H, W]`, padded, as one slice for every tap of the kernel: `[C, N, OH, OW]` each. */
const slicedTaps = (builder: OnnxBuilder, x: string, { stride, padding: [vertical, horizontal], dilation, kernel }: Geometry, [height = 0, width = 0]: Sizes, [rows = 0, columns = 0]: Sizes): readonly string[] => {
  const amounts = [0, 0, vertical[0], horizontal[0], 0, 0, vertical[1], horizontal[1]]
  const padded = amounts.some((amount) => amount > 0) ? builder.op('Pad', [x, builder.ints(amounts)]) : x
  const sides = [height + vertical[0] + vertical[1], width + horizontal[0] + horizontal[1]]
  const axes = builder.ints([2, 3])
  // Strided slices are slow, so each phase of the map is taken once and then cut without strides.
  const taken = (from: readonly [number, number]): string => {
    const phase = [from[0] % stride[0], from[1] % stride[1]]
    const start = [Math.floor(from[0] / stride[0]), Math.floor(from[1] / stride[1])]
    const dense = stride.every((step) => step === 1) ? padded : builder.op('Slice', [padded, builder.ints(phase), builder.ints(sides), axes, builder.ints(stride)])
    return builder.op('Slice', [dense, builder.ints(start), builder.ints([(start[0] ?? 0) + rows, (start[1] ?? 0) + columns]), axes])
  }
  return Array.from({ length: kernel[0] * kernel[1] }, (_, tap) => taken([Math.floor(tap / kernel[1]) * dilation[0], (tap % kernel[1]) * dilation[1]]))
}

/**
 * The gradient as a convolution of the maps by the cotangents, channels as maps and maps as channels, strides and dilations
 * exchanged: for few input channels, whose im2col would be flat.
 */
const byConvolution = (builder: OnnxBuilder, x: Lowered, dy: Lowered, attributes: Geometry): string => {
  const { stride, dilation, kernel } = attributes
  const exchanged = { ...geometry(attributes), strides: dilation, dilations: stride, group: 1 }
  const product = builder.op('Conv', [orderedValue(builder, x, channelsOutside), orderedValue(builder, dy, channelsOutside)], exchanged)
  const cut = builder.op('Slice', [product, builder.ints([0, 0]), builder.ints(kernel), builder.ints([2, 3])])
  return builder.op('Transpose', [cut], { perm: [1, 0, 2, 3] })
}

/** The gradient for grouped channels: one batched product over maps and groups, summed over maps. */
const byGroups = (builder: OnnxBuilder, x: Lowered, dy: Lowered, attributes: Geometry, output: Sizes): string => {
  const { groups, kernel } = attributes
  const [maps = 0, channels = 0, ...size] = x.shape
  const [, outputs = 0, ...places] = dy.shape
  const taps = kernel[0] * kernel[1]
  const count = sizeOf(places)
  const slices = slicedTaps(builder, plainValue(builder, x), attributes, size, places)
  const flat = slices.map((value) => builder.op('Reshape', [value, builder.ints([maps, groups, channels / groups, 1, count])]))
  const columns = builder.op('Reshape', [builder.op('Concat', flat, { axis: 3 }), builder.ints([maps, groups, (channels / groups) * taps, count])])
  const rows = builder.op('Reshape', [plainValue(builder, dy), builder.ints([maps, groups, outputs / groups, count])])
  const products = builder.op('MatMul', [rows, builder.op('Transpose', [columns], { perm: [0, 1, 3, 2] })])
  return builder.op('Reshape', [builder.op('ReduceSum', [products, builder.ints([0])], { keepdims: 0 }), builder.ints(output)])
}

/** Elements of the read places that are held at a time: 64 MiB, twice, as they are sliced and then put side by side. */
const heldElements = 2 ** 24

/** The fewest blocks of equally many channels, each of which reads no more than `heldElements` elements where channels allow. */
const blocksOf = (channels: number, elementsOfOne: number): number =>
  Array.from({ length: channels }, (_, k) => k + 1).find((blocks) => channels % blocks === 0 && (channels / blocks) * elementsOfOne <= heldElements) ?? Math.max(1, channels)

/**
 * Whether each tap is worth a product of its own, `[O, places] · [places, C]`, rather than one product with all taps side by side.
 * Products are as fast then, for they are long, and nothing is put side by side (64 channels of 56×56: 1.9 against 2.8 ms; 128 of
 * 28×28 the same; 256 of 14×14: 2.3 against 2.0 ms).
 */
const prefersProductsByTap = (channels: number, places: number): boolean => channels <= 128 && places >= 12 * channels

export const conv2dWeightGradient: Lowering<'conv2dWeightGradient'> = ({ builder }, node, inputs) => {
  const { attributes } = node
  const { groups, kernel, stride } = attributes
  const x = operandAt(inputs, 0)
  const dy = operandAt(inputs, 1)
  const output = outputAt(node)
  const [outputs = 0, channels = 0] = output.shape
  const [maps = 0, , rows = 0, columns = 0] = dy.shape
  const done = (value: string): readonly Lowered[] => [plainly(value, output)]
  const product = (cotangents: string, read: string): readonly Lowered[] =>
    done(builder.op('Reshape', [builder.op('Gemm', [cotangents, read], { transB: 1 }), builder.ints(output.shape)]))
  if (sizeOf(dy.shape) === 0 || sizeOf(x.shape) === 0) return done(builder.filled('float', output.shape, 0))
  const matrix = (value: string, height: number): string => builder.op('Reshape', [value, builder.ints([height, maps * rows * columns])])

  if (prefersMapsInside(x, attributes, kernel) && rows * columns <= 4 * 400) {
    const taps = Taps.ofConvolution(attributes, kernel, x.shape, dy.shape)
    return product(matrix(orderedValue(builder, dy, mapsInside), outputs), gatheredTaps(builder, x, taps))
  }
  if (groups !== 1) return done(byGroups(builder, x, dy, attributes, output.shape))
  const cotangents = (): string => matrix(orderedValue(builder, dy, channelsOutside), outputs)
  if (isPointwise(attributes, kernel)) {
    const taken = subsampled(builder, plainValue(builder, x), stride)
    const cells = plainly(taken, { shape: [maps, channels, rows, columns], dtype: 'f32' })
    return product(cotangents(), matrix(orderedValue(builder, cells, channelsOutside), channels))
  }
  const taps = kernel[0] * kernel[1]
  if (taps > 25 || (channels <= 4 && taps > 9)) return done(byConvolution(builder, x, dy, attributes))
  const all = orderedValue(builder, x, channelsOutside)
  const left = cotangents()
  if (prefersProductsByTap(channels, maps * rows * columns)) {
    const products = slicedTaps(builder, all, attributes, x.shape.slice(2), [rows, columns]).map((slice): string =>
      builder.op('Reshape', [builder.op('Gemm', [left, matrix(slice, channels)], { transB: 1 }), builder.ints([outputs, channels, 1])])
    )
    return done(builder.op('Reshape', [builder.op('Concat', products, { axis: 2 }), builder.ints(output.shape)]))
  }
  const width = channels / blocksOf(channels, taps * maps * rows * columns)
  const blocks = Array.from({ length: channels / width }, (_, block): string => {
    const own = width === channels ? all : builder.op('Slice', [all, builder.ints([block * width]), builder.ints([(block + 1) * width]), builder.ints([0])])
    // Side by side along the maps, which are the axis after the channels: [C, taps · N, OH, OW].
    const side = builder.op('Concat', slicedTaps(builder, own, attributes, x.shape.slice(2), [rows, columns]), { axis: 1 })
    return builder.op('Gemm', [left, matrix(side, width * taps)], { transB: 1 })
  })
  const joined = blocks.length === 1 ? (blocks[0] ?? '') : builder.op('Concat', blocks, { axis: 1 })
  return done(builder.op('Reshape', [joined, builder.ints(output.shape)]))
}
