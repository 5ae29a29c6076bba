import type { RoiAlignAttributes } from '../../../primitive.js'
import type { Sizes } from '../../../shape.js'
import type { OnnxBuilder } from '../onnx/builder.js'
import { bytesOf } from '../onnx/builder.js'
import { dataTypeCode } from '../onnx/schema.js'
import { plainValue } from './lowered.js'
import type { Lowered } from './lowered.js'

/** Names of single operators over ONNX values, for formulas. */
export const arithmetic = (builder: OnnxBuilder) => {
  const two = (type: string) => (a: string, b: string | number) => builder.op(type, [a, typeof b === 'number' ? builder.floats([b]) : b])
  return {
    add: two('Add'),
    sub: two('Sub'),
    mul: two('Mul'),
    div: two('Div'),
    max: two('Max'),
    min: two('Min'),
    and: two('And'),
    less: two('Less'),
    atLeast: two('GreaterOrEqual'),
    atMost: two('LessOrEqual'),
    greater: two('Greater'),
    reshape: (x: string, dims: readonly number[]) => builder.op('Reshape', [x, builder.ints(dims)]),
    float: (x: string) => builder.op('Cast', [x], { to: dataTypeCode.float }),
    int32: (x: string) => builder.op('Cast', [x], { to: dataTypeCode.int32 })
  }
}

export type Arithmetic = ReturnType<typeof arithmetic>

/** Regions, each with its image and its feature level. */
export interface Regions {
  /** `[R, 4]` floats. */
  readonly boxes: string
  /** `[R]` int32; the run fails where one is out of range. */
  readonly image: string
  readonly level: string
}

/** Index values as they are; a run fails where one is not in [0, size). */
const checked = (builder: OnnxBuilder, indices: string, size: number): string => {
  const int32 = (values: readonly number[]): string => builder.initializer('int32', [values.length], bytesOf('int32', values))
  const atMost = builder.op('Where', [builder.op('Less', [indices, int32([0])]), int32([size]), indices])
  return builder.op('Gather', [int32(Array.from({ length: size }, (_, k) => k)), atMost], { axis: 0 })
}

/** The regions of an operation on `levels` feature levels of `images` images. */
export const regionsOf = (builder: OnnxBuilder, [boxes, image, level]: readonly [Lowered, Lowered, Lowered], images: number, levels: number): Regions => ({
  boxes: plainValue(builder, boxes),
  image: checked(builder, plainValue(builder, image), images),
  level: checked(builder, plainValue(builder, level), levels)
})

/** Where a region starts along an axis and how far it reaches, in cells of its level: `[R, 1]` each. */
export interface Extent {
  readonly start: string
  readonly extent: string
}

/** The extent along height (axis 0) or width (axis 1), as torchvision's `roi_align`. `scale` is `[R, 1]` or `[1]`. */
export const extentAlong = (builder: OnnxBuilder, { aligned }: RoiAlignAttributes, boxes: string, scale: string, axis: 0 | 1): Extent => {
  const { sub, mul, max } = arithmetic(builder)
  const edge = (column: number): string => {
    const scaled = mul(builder.op('Slice', [boxes, builder.ints([column]), builder.ints([column + 1]), builder.ints([1])]), scale)
    return aligned ? sub(scaled, 0.5) : scaled
  }
  const [low, high] = axis === 0 ? [edge(1), edge(3)] : [edge(0), edge(2)]
  const length = sub(high, low)
  // The original convention gives every region at least one cell.
  return { start: low, extent: aligned ? length : max(length, 1) }
}

/** Samples along an axis: positions inside the map, and the weight of each, 0 for one that is outside. `[R, bins, samples]` each. */
export interface Samples {
  readonly positions: string
  readonly weights: string
}

/**
 * The samples of every bin along an axis of a map of `size` cells (a number, or `[R, 1, 1]`). A `samplingRatio` of 0 takes
 * ⌈extent / bins⌉ samples for each region.
 */
export const samplesAlong = (builder: OnnxBuilder, { start, extent }: Extent, bins: number, samplingRatio: number, size: number | string): Samples => {
  const { add, sub, mul, div, max, min, and, less, atLeast, atMost, reshape, float } = arithmetic(builder)
  const [a, length] = [reshape(start, [-1, 1, 1]), reshape(extent, [-1, 1, 1])]
  const cleaned = (position: string, share: string): Samples => {
    const inside = and(atLeast(position, -1), atMost(position, size))
    const kept = builder.op('Where', [inside, position, builder.floats([0])])
    const last = typeof size === 'number' ? builder.floats([size - 1]) : sub(size, 1)
    return { positions: min(max(kept, 0), last), weights: mul(float(inside), share) }
  }
  if (samplingRatio > 0) {
    const total = bins * samplingRatio
    const grid = Array.from({ length: total }, (_, k) => (k + 0.5) / total)
    return cleaned(add(a, mul(length, builder.floats(grid, [1, bins, samplingRatio]))), builder.floats([1 / samplingRatio]))
  }
  const bin = mul(length, 1 / bins)
  const count = max(builder.op('Ceil', [bin]), 0)
  const most = builder.op('ReduceMax', [max(count, 1)], { keepdims: 0 })
  const sample = builder.op('Range', [builder.floats([0], []), most, builder.floats([1], [])])
  const within = div(add(sample, 0.5), max(count, 1))
  const firstBin = builder.floats(Array.from({ length: bins }, (_, k) => k), [1, bins, 1])
  const position = add(a, mul(bin, add(within, firstBin)))
  return cleaned(position, div(float(less(sample, count)), max(count, 1)))
}

/** A feature level: its map, and where its rows start in a table of all levels' cells. */
export interface Level {
  readonly height: number
  readonly width: number
  readonly offset: number
}

/** Levels whose cells, image by image, follow one another. */
export const levelsOf = (shapes: readonly Sizes[]): readonly Level[] => {
  let offset = 0
  return shapes.map(([images = 0, , height = 0, width = 0]) => {
    const level = { height, width, offset }
    offset += images * height * width
    return level
  })
}
