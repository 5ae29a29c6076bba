import { sizeOf } from '../../../shape.js'
import type { OnnxBuilder } from '../onnx/builder.js'
import { bytesOf } from '../onnx/builder.js'
import { dataTypeCode } from '../onnx/schema.js'
import { ordered, orderedValue, plainly } from './lowered.js'
import { operandAt } from './lowering.js'
import type { Lowering } from './lowering.js'
import { arithmetic, extentAlong, regionsOf, samplesAlong } from './roi-geometry.js'
import type { Samples } from './roi-geometry.js'

/** Columns of a level that are computed together: wide enough for a product, narrow enough to leave most regions out. */
const blockWidth = 44

/**
 * Below this many multiplications a level is one product over all images and regions, most of its factors zero: fewer, larger
 * operations than one for each image and block (300 instead of 2,300 nodes for 8 images of 128 pixels).
 */
const smallLevel = 1e9

/** What each bin takes from each of the cells `from` … `to − 1`: the tents of its samples, summed: `[R, bins, cells]`. */
const tents = (builder: OnnxBuilder, { positions, weights }: Samples, from: number, to: number): string => {
  const { sub, mul } = arithmetic(builder)
  const raise = (x: string): string => builder.op('Unsqueeze', [x, builder.ints([3])])
  const cells = builder.floats(Array.from({ length: to - from }, (_, k) => from + k))
  const distance = builder.op('Abs', [sub(raise(positions), cells)])
  const tent = builder.op('Relu', [builder.op('Sub', [builder.floats([1]), distance])])
  return builder.op('ReduceSum', [mul(tent, raise(weights)), builder.ints([2])], { keepdims: 0 })
}

/**
 * RoIAlign is linear in the features and separable: a bin is Wy·F·Wxᵀ. So the gradient is Σ Wyᵀ·dY·Wx over the regions, as dense
 * products for each level, image and block of columns, over the regions that touch it. No scatter, so nothing races.
 */
export const roiAlignGradient: Lowering<'roiAlignGradient'> = ({ builder }, node, inputs) => {
  const { attributes } = node
  const { outputSize, samplingRatio, scales, featureShapes } = attributes
  const dy = operandAt(inputs, 0)
  const { add, max, min, and, less, greater, reshape } = arithmetic(builder)
  const zeros = node.outputs.map((output) => plainly(builder.filled('float', output.shape, 0), output))
  if (sizeOf(dy.shape) === 0) return zeros
  const images = featureShapes[0]?.[0] ?? 0
  const channels = featureShapes[0]?.[1] ?? 0
  const { boxes, image, level } = regionsOf(builder, [operandAt(inputs, 1), operandAt(inputs, 2), operandAt(inputs, 3)], images, scales.length)
  const cotangents = orderedValue(builder, dy, [2, 3, 0, 1])
  const isEqual = (values: string, value: number): string => builder.op('Equal', [values, builder.initializer('int32', [1], bytesOf('int32', [value]))])

  return featureShapes.map((shape, index) => {
    const output = { shape, dtype: 'f32' } as const
    const [, , height = 0, width = 0] = shape
    if (sizeOf(shape) === 0) return plainly(builder.filled('float', shape, 0), output)
    const scale = builder.floats([scales[index] ?? 1])
    const extents = ([0, 1] as const).map((axis) => extentAlong(builder, attributes, boxes, scale, axis))
    const [vertical, horizontal] = extents
    if (vertical === undefined || horizontal === undefined) throw new RangeError('two axes')
    const rows = samplesAlong(builder, vertical, outputSize[0], samplingRatio, height)
    const columns = samplesAlong(builder, horizontal, outputSize[1], samplingRatio, width)
    const regions = dy.shape[0] ?? 0
    const [binRows] = outputSize
    if (images * height * regions * binRows * width * channels <= smallLevel) {
      const wx = builder.op('Transpose', [tents(builder, columns, 0, width)], { perm: [0, 2, 1] })
      const spread = builder.op('MatMul', [builder.op('Unsqueeze', [wx, builder.ints([0])]), builder.op('Transpose', [cotangents], { perm: [0, 2, 1, 3] })])
      const numbers = builder.initializer('int32', [1, images], bytesOf('int32', Array.from({ length: images }, (_, n) => n)))
      const here = and(isEqual(reshape(level, [-1, 1]), index), builder.op('Equal', [reshape(image, [-1, 1]), numbers]))
      const owned = builder.op('Cast', [here], { to: dataTypeCode.float })
      const lines = builder.op('Mul', [
        reshape(builder.op('Transpose', [tents(builder, rows, 0, height)], { perm: [1, 0, 2] }), [binRows, regions, 1, height]),
        reshape(owned, [1, regions, images, 1])
      ])
      const product = builder.op('Gemm', [reshape(lines, [binRows * regions, images * height]), reshape(spread, [binRows * regions, width * channels])], { transA: 1 })
      return ordered(reshape(product, [images, height, width, channels]), output, [0, 2, 3, 1])
    }
    const end = add(horizontal.start, horizontal.extent)
    const [left, right] = [reshape(min(horizontal.start, end), [-1]), reshape(max(horizontal.start, end), [-1])]

    const block = (n: number, from: number, to: number): string => {
      const touches = and(less(left, to + 1), greater(right, from - 2))
      const here = and(and(isEqual(level, index), isEqual(image, n)), touches)
      // A first region of weight zero, so that there is always one.
      const found = builder.op('Reshape', [builder.op('NonZero', [here]), builder.ints([-1])])
      const chosen = builder.op('Concat', [builder.ints([0]), found], { axis: 0 })
      const live = builder.op('Concat', [builder.floats([0]), builder.op('Expand', [builder.floats([1]), builder.op('Shape', [found])])], { axis: 0 })
      const pick = (value: string): string => builder.op('Gather', [value, chosen], { axis: 0 })
      const picked = ({ positions, weights }: Samples, factor?: string): Samples => ({
        positions: pick(positions),
        weights: factor === undefined ? pick(weights) : builder.op('Mul', [pick(weights), factor])
      })
      const wx = tents(builder, picked(columns, reshape(live, [-1, 1, 1])), from, to)
      const wy = tents(builder, picked(rows), 0, height)
      const dys = builder.op('Transpose', [builder.op('Gather', [cotangents, chosen], { axis: 2 })], { perm: [0, 2, 1, 3] })
      const spread = builder.op('MatMul', [builder.op('Unsqueeze', [builder.op('Transpose', [wx], { perm: [0, 2, 1] }), builder.ints([0])]), dys])
      const lines = reshape(builder.op('Transpose', [wy], { perm: [1, 0, 2] }), [-1, height])
      const product = builder.op('Gemm', [lines, reshape(spread, [-1, (to - from) * channels])], { transA: 1 })
      return reshape(product, [height, to - from, channels])
    }
    const blocks = Math.max(1, Math.round(width / blockWidth))
    const step = Math.ceil(width / blocks)
    const maps = Array.from({ length: images }, (_, n) => {
      const parts = Array.from({ length: Math.ceil(width / step) }, (__, k) => block(n, k * step, Math.min(width, (k + 1) * step)))
      const map = parts.length === 1 ? (parts[0] ?? '') : builder.op('Concat', parts, { axis: 1 })
      return reshape(map, [1, height, width, channels])
    })
    return ordered(maps.length === 1 ? (maps[0] ?? '') : builder.op('Concat', maps, { axis: 0 }), output, [0, 2, 3, 1])
  })
}
