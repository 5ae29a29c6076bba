import type { RoiAlignAttributes } from '../../../primitive.js'
import { sizeOf } from '../../../shape.js'
import type { OnnxBuilder } from '../onnx/builder.js'
import { bytesOf } from '../onnx/builder.js'
import { dataTypeCode } from '../onnx/schema.js'
import { mapsInside } from './convolution.js'
import { ordered, orderedValue, plainly, plainValue } from './lowered.js'
import type { Lowered } from './lowered.js'
import { operandAt, outputAt } from './lowering.js'
import type { Lowering } from './lowering.js'
import { arithmetic, extentAlong, levelsOf, regionsOf, samplesAlong } from './roi-geometry.js'
import type { Regions, Samples } from './roi-geometry.js'

/** Rows of the table that are gathered at once, in bytes: more would fill memory, not threads. */
const pieceBytes = 64 << 20

/** Both cells that each sample lies between and their weights, two for each sample: `[R, bins, 2 · samples]`. */
const cellsOf = (builder: OnnxBuilder, { positions, weights }: Samples, size: string, bins: number, samples: number) => {
  const { add, sub, mul, min } = arithmetic(builder)
  const low = builder.op('Floor', [positions])
  const share = sub(positions, low)
  const high = min(add(low, 1), sub(size, 1))
  const upper = mul(weights, share)
  const both = (a: string, b: string): string => {
    const raise = (x: string): string => builder.op('Reshape', [x, builder.ints([-1, bins, samples, 1])])
    return builder.op('Reshape', [builder.op('Concat', [raise(a), raise(b)], { axis: 3 }), builder.ints([-1, bins, 2 * samples])])
  }
  return { cells: both(low, high), weights: both(sub(weights, upper), upper) }
}

/**
 * All levels' cells as one table of rows of channels; each bin is the weighted sum of the rows its samples touch. Bins are
 * outside and regions inside, so that the result lies as convolutions of many small maps want it.
 */
const fromTable = (builder: OnnxBuilder, attributes: RoiAlignAttributes, features: readonly Lowered[], { boxes, image, level }: Regions, output: Lowered['shape']): Lowered => {
  const { outputSize, samplingRatio, scales } = attributes
  const [regions = 0, channels = 0] = output
  const levels = levelsOf(features.map(({ shape }) => shape))
  const { add, mul, reshape, int32 } = arithmetic(builder)
  const perLevel = (values: readonly number[]): string => builder.op('Gather', [builder.floats(values), level], { axis: 0 })
  const perLevelInt = (values: readonly number[]): string =>
    builder.op('Gather', [builder.initializer('int32', [values.length], bytesOf('int32', values)), level], { axis: 0 })

  const scale = reshape(perLevel(scales), [-1, 1])
  const heights = reshape(perLevel(levels.map(({ height }) => height)), [-1, 1, 1])
  const widths = reshape(perLevel(levels.map(({ width }) => width)), [-1, 1, 1])
  const along = (axis: 0 | 1, size: string) =>
    cellsOf(builder, samplesAlong(builder, extentAlong(builder, attributes, boxes, scale, axis), outputSize[axis], samplingRatio, size), size, outputSize[axis], samplingRatio)
  const [y, x] = [along(0, heights), along(1, widths)]

  const first = add(perLevelInt(levels.map(({ offset }) => offset)), mul(image, perLevelInt(levels.map(({ height, width }) => height * width))))
  const line = add(mul(int32(y.cells), reshape(perLevelInt(levels.map(({ width }) => width)), [-1, 1, 1])), reshape(first, [-1, 1, 1]))
  const reach = 2 * samplingRatio
  const crossed = (combine: (a: string, b: string) => string, a: string, b: string): string => {
    const pairs = combine(reshape(a, [-1, outputSize[0], 1, reach, 1]), reshape(b, [-1, 1, outputSize[1], 1, reach]))
    return builder.op('Transpose', [pairs], { perm: [1, 2, 0, 3, 4] })
  }
  const taps = reach * reach
  const bins = outputSize[0] * outputSize[1] * regions
  const rows = reshape(crossed(add, line, int32(x.cells)), [bins * taps])
  const weights = reshape(crossed(mul, y.weights, x.weights), [bins, 1, taps])

  const flat = features.map((feature) => builder.op('Reshape', [orderedValue(builder, feature, [0, 2, 3, 1]), builder.ints([-1, channels])]))
  const table = flat.length === 1 ? (flat[0] ?? '') : builder.op('Concat', flat, { axis: 0 })
  const pieces = Math.max(1, Math.min(bins, Math.ceil((bins * taps * channels * 4) / pieceBytes)))
  const size = Math.ceil(bins / pieces)
  const sums = Array.from({ length: Math.ceil(bins / size) }, (_, piece) => {
    const [from, to] = [piece * size, Math.min(bins, (piece + 1) * size)]
    const part = (value: string, unit: number): string =>
      size === bins ? value : builder.op('Slice', [value, builder.ints([from * unit]), builder.ints([to * unit]), builder.ints([0])])
    const gathered = builder.op('Gather', [table, part(rows, taps)], { axis: 0 })
    const product = builder.op('MatMul', [part(weights, 1), builder.op('Reshape', [gathered, builder.ints([to - from, taps, channels])])])
    return builder.op('Reshape', [product, builder.ints([to - from, channels])])
  })
  const all = sums.length === 1 ? (sums[0] ?? '') : builder.op('Concat', sums, { axis: 0 })
  const channelsFirst = builder.op('Transpose', [all], { perm: [1, 0] })
  const value = builder.op('Reshape', [channelsFirst, builder.ints([channels, ...outputSize, regions])])
  return ordered(value, { shape: output, dtype: 'f32' }, mapsInside)
}

/** Adaptive sampling, by the engine's own operator for the regions of each level. */
const byOperator = (builder: OnnxBuilder, attributes: RoiAlignAttributes, features: readonly Lowered[], { boxes, image, level }: Regions, output: Lowered['shape']): string => {
  const { outputSize, scales, aligned } = attributes
  const int64 = (x: string): string => builder.op('Cast', [x], { to: dataTypeCode.int64 })
  const aligning = (feature: Lowered, index: number, rois: string, images: string): string =>
    builder.op('RoiAlign', [plainValue(builder, feature), rois, images], {
      output_height: outputSize[0],
      output_width: outputSize[1],
      sampling_ratio: 0,
      spatial_scale: { float: scales[index] ?? 1 },
      coordinate_transformation_mode: aligned ? 'half_pixel' : 'output_half_pixel'
    })
  const [only] = features
  if (only !== undefined && features.length === 1) {
    // Levels are checked although there is one: adding them, all zero, keeps the check alive.
    return aligning(only, 0, boxes, int64(builder.op('Add', [image, level])))
  }
  return features.reduce((sum, feature, index) => {
    const here = builder.op('Equal', [level, builder.initializer('int32', [1], bytesOf('int32', [index]))])
    const places = builder.op('Reshape', [builder.op('NonZero', [here]), builder.ints([-1])])
    const pick = (value: string): string => builder.op('Gather', [value, places], { axis: 0 })
    const pooled = aligning(feature, index, pick(boxes), int64(pick(image)))
    return builder.op('ScatterND', [sum, builder.op('Unsqueeze', [places, builder.ints([1])]), pooled])
  }, builder.filled('float', output, 0))
}

export const roiAlign: Lowering<'roiAlign'> = ({ builder }, node, inputs) => {
  const { attributes } = node
  const count = attributes.scales.length
  const features = inputs.slice(0, count)
  const output = outputAt(node)
  if (sizeOf(output.shape) === 0) return [plainly(builder.filled('float', output.shape, 0), output)]
  const images = operandAt(features, 0).shape[0] ?? 0
  const regions = regionsOf(builder, [operandAt(inputs, count), operandAt(inputs, count + 1), operandAt(inputs, count + 2)], images, count)
  return attributes.samplingRatio > 0
    ? [fromTable(builder, attributes, features, regions, output.shape)]
    : [plainly(byOperator(builder, attributes, features, regions, output.shape), output)]
}
