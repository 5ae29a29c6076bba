import { windowedSize } from '@tabula/tensor'
import type { ConvolutionAttributes, Sizes } from '@tabula/tensor'
import fc from 'fast-check'

/** Limits of random shapes. */
export interface ShapeLimits {
  /** Fewest axes (0). */
  readonly minRank?: number
  /** Most axes (3). */
  readonly maxRank?: number
  /** Smallest size of an axis (1); 0 draws tensors without elements too. */
  readonly minSize?: number
  /** Largest size of an axis (4). */
  readonly maxSize?: number
}

/** Shapes of any rank within the limits. They shrink to fewer and smaller axes. */
export const shapes = ({ minRank = 0, maxRank = 3, minSize = 1, maxSize = 4 }: ShapeLimits = {}): fc.Arbitrary<Sizes> =>
  fc.array(fc.integer({ min: minSize, max: maxSize }), { minLength: minRank, maxLength: maxRank })

/** A shape that broadcasts to the one given: leading axes left out, others of size 1. */
const narrowed = (shape: Sizes): fc.Arbitrary<Sizes> =>
  fc
    .tuple(fc.nat({ max: shape.length }), fc.array(fc.boolean(), { minLength: shape.length, maxLength: shape.length }))
    .map(([dropped, ones]) => shape.map((size, axis) => (ones[axis] === true ? 1 : size)).slice(dropped))

/** Two shapes that broadcast against one another: axes of either are left out at the front or have size 1. */
export const broadcastPairs = (limits: ShapeLimits = {}): fc.Arbitrary<readonly [Sizes, Sizes]> =>
  shapes(limits).chain((shape) => fc.tuple(narrowed(shape), narrowed(shape)))

/** Three shapes that broadcast against one another, as those of a condition and its two sides. */
export const broadcastTriples = (limits: ShapeLimits = {}): fc.Arbitrary<readonly [Sizes, Sizes, Sizes]> =>
  shapes(limits).chain((shape) => fc.tuple(narrowed(shape), narrowed(shape), narrowed(shape)))

/** Shapes that `matmul` takes, and that of its result. */
export interface MatmulShapes {
  readonly a: Sizes
  readonly b: Sizes
  readonly product: Sizes
}

/** Shapes of two matrices that can be multiplied, with batch axes that either has, both share, or that are 1 in one of them. */
export const matmulShapes = ({ maxSize = 3 }: Pick<ShapeLimits, 'maxSize'> = {}): fc.Arbitrary<MatmulShapes> => {
  const size = fc.integer({ min: 1, max: maxSize })
  return fc.tuple(broadcastPairs({ maxRank: 2, maxSize }), size, size, size).map(([[first, second], m, k, n]) => {
    const rank = Math.max(first.length, second.length)
    const from = (batch: Sizes, axis: number): number => batch[axis - (rank - batch.length)] ?? 1
    const batch = Array.from({ length: rank }, (_, axis) => Math.max(from(first, axis), from(second, axis)))
    return { a: [...first, m, k], b: [...second, k, n], product: [...batch, m, n] }
  })
}

/** Shapes that `conv2d` takes with these attributes, and that of its result. */
export interface ConvolutionShapes {
  readonly x: Sizes
  readonly w: Sizes
  readonly y: Sizes
  readonly attributes: ConvolutionAttributes
}

/**
 * An image, a kernel and the result of convolving them, with strides, padding on each side, dilation and groups. Of the image there
 * may be more than the last window reaches.
 */
export const convolutionShapes = (): fc.Arbitrary<ConvolutionShapes> => {
  const upTo = (max: number): fc.Arbitrary<number> => fc.nat({ max })
  const two = <T>(of: fc.Arbitrary<T>): fc.Arbitrary<[T, T]> => fc.tuple(of, of)
  return fc
    .record({
      images: upTo(1),
      groups: upTo(1),
      channels: upTo(1),
      filters: upTo(1),
      kernel: two(upTo(2)),
      beyond: two(upTo(2)),
      stride: two(upTo(1)),
      padding: two(two(upTo(2))),
      dilation: two(upTo(1))
    })
    .map(({ images, groups: moreGroups, channels, filters, kernel, beyond, stride, padding, dilation }) => {
      const groups = 1 + moreGroups
      const attributes: ConvolutionAttributes = {
        stride: [1 + stride[0], 1 + stride[1]],
        padding,
        dilation: [1 + dilation[0], 1 + dilation[1]],
        groups
      }
      const sides = ([0, 1] as const).map((axis) => kernel[axis] * attributes.dilation[axis] + 1 + beyond[axis])
      const x = [1 + images, groups * (1 + channels), ...sides]
      const w = [groups * (1 + filters), 1 + channels, 1 + kernel[0], 1 + kernel[1]]
      const out = ([0, 1] as const).map((axis) =>
        windowedSize(sides[axis] ?? 1, 1 + kernel[axis], attributes.stride[axis], attributes.padding[axis], attributes.dilation[axis])
      )
      return { x, w, y: [1 + images, groups * (1 + filters), ...out], attributes }
    })
}

/** A shape, and what a reduction of it needs to know. */
export interface Reduction {
  readonly shape: Sizes
  /** Ascending; may be empty, or all. */
  readonly axes: readonly number[]
  readonly keepDimensions: boolean
}

/** A shape with any set of its axes to reduce. */
export const reductions = (limits: ShapeLimits = {}): fc.Arbitrary<Reduction> =>
  shapes(limits).chain((shape) =>
    fc.record({ shape: fc.constant(shape), axes: fc.subarray(shape.map((_, axis) => axis)), keepDimensions: fc.boolean() })
  )
