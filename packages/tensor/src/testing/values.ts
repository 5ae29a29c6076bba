import * as fc from 'fast-check'
import type { Dtype } from '../dtype.js'
import type { Sizes } from '../shape.js'
import { sizeOf } from '../shape.js'
import type { HostValue } from '../value.js'
import { valueOf } from '../value.js'

/** Sizes along one axis: 1, small primes and an even number. */
export const axisSizes: fc.Arbitrary<number> = fc.constantFrom(1, 1, 2, 3, 3, 4, 5, 7)

/** As `axisSizes`, and now and then 0. */
export const batchSizes: fc.Arbitrary<number> = fc.constantFrom(1, 1, 2, 2, 3, 3, 1, 2, 0)

/** Shapes of at most 200 elements; `empty` allows an axis without elements now and then. */
export const shapes = ({ minRank = 0, maxRank = 4, empty = true }: { readonly minRank?: number; readonly maxRank?: number; readonly empty?: boolean } = {}): fc.Arbitrary<readonly number[]> => {
  const full = fc.array(axisSizes, { minLength: minRank, maxLength: maxRank }).filter((shape) => sizeOf(shape) <= 200)
  if (!empty || maxRank === 0) return full
  const holed = fc.tuple(fc.array(axisSizes, { minLength: Math.max(1, minRank), maxLength: maxRank }), fc.nat(maxRank)).map(([shape, hole]) => shape.map((size, axis) => (axis === hole % shape.length ? 0 : size)))
  return fc.oneof({ weight: 14, arbitrary: full }, { weight: 1, arbitrary: holed })
}

/** Numbers in [low, high] on a grid of 4096 steps, rounded to single precision. */
export const reals = (low: number, high: number): fc.Arbitrary<number> => fc.integer({ min: 0, max: 4096 }).map((step) => Math.fround(low + ((high - low) * step) / 4096))

/** Small whole and quarter numbers, among which ties are frequent, and others in [−3, 3]; all in single precision. */
export const mixedReals: fc.Arbitrary<number> = fc.oneof(
  fc.integer({ min: -3, max: 3 }),
  fc.integer({ min: -12, max: 12 }).map((quarters) => quarters / 4),
  reals(-3, 3)
)

/** Elements of every type, as plain numbers. */
export const elements: { readonly [D in Dtype]: fc.Arbitrary<number> } = {
  f32: mixedReals,
  i32: fc.integer({ min: -9, max: 9 }),
  u32: fc.nat(20),
  bool: fc.nat(1)
}

/** Values of a given type and shape. */
export const values = <D extends Dtype>(dtype: D, shape: Sizes, element: fc.Arbitrary<number> = elements[dtype]): fc.Arbitrary<HostValue<D>> => {
  const count = sizeOf(shape)
  return fc.array(element, { minLength: count, maxLength: count, size: 'max' }).map((numbers) => valueOf(dtype, shape, numbers))
}

/** Any of the element types. */
export const dtypes: fc.Arbitrary<Dtype> = fc.constantFrom('f32', 'f32', 'i32', 'u32', 'bool')

/** Host values of a drawn element type and a drawn shape, within the limits given. */
export const anyValues = (options: Parameters<typeof shapes>[0] = {}): fc.Arbitrary<HostValue> =>
  fc.tuple(dtypes, shapes(options)).chain(([dtype, shape]): fc.Arbitrary<HostValue> => values(dtype, shape))

/** Two shapes that broadcast with one another, in every way: sizes of 1 on either side, and missing leading axes. */
export const broadcastingShapes: fc.Arbitrary<readonly [Sizes, Sizes]> = shapes().chain((shape) =>
  fc.tuple(fc.array(fc.constantFrom('both', 'both', 'first', 'second'), { minLength: shape.length, maxLength: shape.length }), fc.boolean(), fc.boolean()).map(([sides, trimFirst, trimSecond]): readonly [Sizes, Sizes] => {
    const side = (other: string): Sizes => shape.map((size, axis) => (sides[axis] === other ? 1 : size))
    const trim = (sizes: Sizes): Sizes => sizes.slice(sizes.findIndex((size) => size !== 1) < 0 ? sizes.length : sizes.findIndex((size) => size !== 1))
    const [a, b] = [side('second'), side('first')]
    return [trimFirst ? trim(a) : a, trimSecond && !trimFirst ? trim(b) : b]
  })
)
