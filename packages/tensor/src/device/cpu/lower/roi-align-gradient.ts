import type { Tensor } from '../../../node.js'
import type { Attributes } from '../../../primitive.js'
import { sizeOf } from '../../../shape.js'
import type { Sizes } from '../../../shape.js'
import type { OnnxBuilder } from '../onnx/builder.js'
import { bytesOf } from '../onnx/builder.js'
import { axesOf, ordered, orderedValue, plainly } from './lowered.js'
import type { Lowered } from './lowered.js'
import { operandAt } from './lowering.js'
import type { Lowering, LoweringContext } from './lowering.js'
import { arithmetic, extentAlong, regionsOf, samplesAlong } from './roi-geometry.js'
import type { Regions, Samples } from './roi-geometry.js'

/** Columns of a level that are computed together: wide enough for a product, narrow enough to leave most regions out. */
const blockWidth = 44

/** Multiplications for one level below which it is computed with others, all their regions at once. */
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

/** Images whose regions are known, before the program runs, to follow one another in equal numbers; `undefined` where they are not. */
const imagesInOrder = ({ node }: Tensor, images: number): number | undefined => {
  if (node.primitive !== 'constant') return undefined
  const { data } = node.attributes.value
  return data.length > 0 && data.length % images === 0 && data.every((image, region) => image === Math.floor((region * images) / data.length)) ? images : undefined
}

/** Levels of one gradient. */
interface Levels {
  readonly indices: readonly number[]
  readonly heights: readonly number[]
  readonly widths: readonly number[]
}

/**
 * Several small levels by one product for each group of regions: Σ over their bins' rows p of Wyᵀ·(Wxᵀ·dY), with the rows of all levels,
 * one below the other, on the left. Each region is placed on its own level; the rows of the others (and, where one group holds the regions
 * of all images, those of other images) get nothing from it. Most factors are zeros, but the operations are few and large.
 */
const together = ({ builder }: Pick<LoweringContext, 'builder'>, attributes: Attributes['roiAlignGradient'], { boxes, image, level }: Regions, dy: Lowered, levels: Levels, groups: number | undefined): readonly Lowered[] => {
  const { outputSize, samplingRatio, scales, featureShapes } = attributes
  const [binRows, binColumns] = outputSize
  const [regions = 0, channels = 0] = dy.shape
  const images = featureShapes[0]?.[0] ?? 0
  const { sub, mul, and, reshape, float } = arithmetic(builder)
  const perLevel = (values: readonly number[]): string => builder.op('Gather', [builder.floats(values), level], { axis: 0 })
  const scale = reshape(perLevel(scales), [-1, 1])
  const along = (axis: 0 | 1): Samples => {
    const size = reshape(perLevel(featureShapes.map((shape) => shape[2 + axis] ?? 1)), [-1, 1, 1])
    return samplesAlong(builder, extentAlong(builder, attributes, boxes, scale, axis), outputSize[axis], samplingRatio, size)
  }
  const width = Math.max(...levels.widths)
  const rows = levels.indices.flatMap((index, k) => Array.from({ length: levels.heights[k] ?? 0 }, (_, y) => ({ index, y })))
  const lines = groups === undefined ? Array.from({ length: images }, (_, n) => rows.map((row) => ({ ...row, n }))).flat() : rows.map((row) => ({ ...row, n: 0 }))

  // Rows outside, so that what is computed for a row is one stretch of memory: [lines, regions, binRows].
  const vertical = along(0)
  const raised = (x: string): string => builder.op('Unsqueeze', [builder.op('Transpose', [x], { perm: [2, 0, 1] }), builder.ints([0])])
  const cells = builder.floats(lines.map(({ y }) => y), [lines.length, 1, 1, 1])
  const tent = builder.op('Relu', [builder.op('Sub', [builder.floats([1]), builder.op('Abs', [sub(raised(vertical.positions), cells)])])])
  const sums = reshape(builder.op('ReduceSum', [mul(tent, raised(vertical.weights)), builder.ints([1])], { keepdims: 0 }), [lines.length, regions * binRows])
  const eachRow = (values: string): string => reshape(builder.op('Expand', [reshape(values, [-1, 1]), builder.ints([regions, binRows])]), [1, regions * binRows])
  const isOf = (values: string, of: (line: (typeof lines)[number]) => number): string =>
    builder.op('Equal', [builder.initializer('int32', [lines.length, 1], bytesOf('int32', lines.map(of))), eachRow(values)])
  const onLevel = isOf(level, ({ index }) => index)
  const here = groups === undefined ? and(onLevel, isOf(image, ({ n }) => n)) : onLevel
  const left = mul(sums, float(here))

  // dY with regions outside. As a gather of rows of channels, because the engine joins two transpositions to one that is slow.
  const table = reshape(orderedValue(builder, dy, [2, 3, 0, 1]), [-1, channels])
  const places = Array.from({ length: regions * binRows * binColumns }, (_, k) => {
    const bin = k % (binRows * binColumns)
    return bin * regions + Math.floor(k / (binRows * binColumns))
  })
  const cotangents = reshape(builder.op('Gather', [table, builder.ints(places)], { axis: 0 }), [regions, binRows, binColumns, channels])
  const wx = builder.op('Transpose', [tents(builder, along(1), 0, width)], { perm: [0, 2, 1] })
  const spread = builder.op('MatMul', [builder.op('Unsqueeze', [wx, builder.ints([1])]), cotangents])

  const count = groups ?? 1
  const inner = (regions / count) * binRows
  const grouped = count === 1 ? left : builder.op('Transpose', [reshape(left, [lines.length, count, inner])], { perm: [1, 0, 2] })
  const product =
    count === 1
      ? builder.op('Gemm', [grouped, reshape(spread, [inner, width * channels])])
      : builder.op('MatMul', [grouped, reshape(spread, [count, inner, width * channels])])
  const maps = reshape(product, [images, rows.length, width, channels])
  return levels.indices.map((index, k) => {
    const from = levels.heights.slice(0, k).reduce((sum, height) => sum + height, 0)
    const [high, wide] = [levels.heights[k] ?? 0, levels.widths[k] ?? 0]
    const map = builder.op('Slice', [maps, builder.ints([from, 0]), builder.ints([from + high, wide]), builder.ints([1, 2])])
    return ordered(map, { shape: featureShapes[index] ?? [], dtype: 'f32' }, [0, 2, 3, 1])
  })
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

  const groups = node.inputs[2] === undefined ? undefined : imagesInOrder(node.inputs[2], images)
  const cost = ([, , height = 0, width = 0]: Sizes): number => (groups === undefined ? images : 1) * height * width * sizeOf(dy.shape) / outputSize[1]
  const small = axesOf(featureShapes.length).filter((index) => sizeOf(featureShapes[index] ?? []) > 0 && cost(featureShapes[index] ?? []) <= smallLevel)
  const sides = (axis: number): readonly number[] => small.map((index) => featureShapes[index]?.[axis] ?? 0)
  const joint = small.length === 0 ? [] : together({ builder }, attributes, { boxes, image, level }, dy, { indices: small, heights: sides(2), widths: sides(3) }, groups)

  return featureShapes.map((shape, index) => {
    const output = { shape, dtype: 'f32' } as const
    const done = joint[small.indexOf(index)]
    if (done !== undefined) return done
    const [, , height = 0, width = 0] = shape
    if (sizeOf(shape) === 0) return plainly(builder.filled('float', shape, 0), output)
    const scale = builder.floats([scales[index] ?? 1])
    const extents = ([0, 1] as const).map((axis) => extentAlong(builder, attributes, boxes, scale, axis))
    const [vertical, horizontal] = extents
    if (vertical === undefined || horizontal === undefined) throw new RangeError('two axes')
    const rows = samplesAlong(builder, vertical, outputSize[0], samplingRatio, height)
    const columns = samplesAlong(builder, horizontal, outputSize[1], samplingRatio, width)
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
