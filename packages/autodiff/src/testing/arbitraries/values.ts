import { hostValue, sizeOf } from '@tabula/tensor'
import type { HostValue, Key, Sizes } from '@tabula/tensor'
import fc from 'fast-check'

/**
 * What numbers a tensor holds.
 * - `wellConditioned`: between ¼ and 2 in size, of either sign; away from zero.
 * - `positive`: between ¼ and 2.
 * - `distinct`: no two of a tensor nearer than 0.05, none within 0.02 of zero; for maxima and orders.
 * - `ties`: few values, so that many are equal.
 * - `zeros`: zeros of both signs among well-conditioned numbers.
 * - `subnormal`: below the smallest normal number of single precision, 2⁻¹²⁶, and above zero in it.
 * - `large`: between 10³ and 10¹⁵ in size.
 */
export type NumberKind = 'wellConditioned' | 'positive' | 'distinct' | 'ties' | 'zeros' | 'subnormal' | 'large'

const steps = 1 << 16

/** A number of either sign from its size at a place between 0 and 1; shrinks to the one at `simplest`. */
const signed = (size: (place: number) => number, simplest: number): fc.Arbitrary<number> =>
  fc.integer({ min: -steps, max: steps }).map((n) => (n === 0 ? simplest : Math.sign(n) * size(Math.abs(n) / steps)))

const well = signed((place) => 0.25 + 1.75 * place, 1)

const numbers: Readonly<Record<Exclude<NumberKind, 'distinct'>, fc.Arbitrary<number>>> = {
  wellConditioned: well,
  positive: fc.nat({ max: steps }).map((n) => (n === 0 ? 1 : 0.25 + (1.75 * n) / steps)),
  ties: fc.constantFrom(1, 0.5, -1, 2),
  zeros: fc.oneof(fc.constant(0), fc.constant(-0), well),
  // Whole multiples of 2⁻¹⁴⁹, the smallest number of single precision.
  subnormal: fc.integer({ min: -(2 ** 23 - 1), max: 2 ** 23 - 1 }).map((n) => (n === 0 ? 1 : n) * 2 ** -149),
  large: signed((place) => 10 ** (3 + 12 * place), 1000)
}

const distinctNumbers = (count: number): fc.Arbitrary<readonly number[]> =>
  fc
    .tuple(fc.uniqueArray(fc.nat({ max: 4 * count }), { minLength: count, maxLength: count }), fc.array(fc.nat({ max: 100 }), { minLength: count, maxLength: count }))
    .map(([places, shifts]) => places.map((place, index) => (place - 2 * count) * 0.1 + 0.02 + (shifts[index] ?? 0) * 0.0004))

/** `f32` values of a shape, in double precision, whose numbers are of a kind (`wellConditioned`). They shrink to simple numbers. */
export const tensors = (shape: Sizes, kind: NumberKind = 'wellConditioned'): fc.Arbitrary<HostValue<'f32'>> => {
  const count = sizeOf(shape)
  const all = kind === 'distinct' ? distinctNumbers(count) : fc.array(numbers[kind], { minLength: count, maxLength: count })
  return all.map((elements) => hostValue('f32', shape, Float64Array.from(elements)))
}

/** `i32` values of a shape, each at least 0 and below `size`: indices along an axis of that size, equal ones among them. */
export const indices = (shape: Sizes, size: number): fc.Arbitrary<HostValue<'i32'>> => {
  const count = sizeOf(shape)
  return fc
    .array(fc.nat({ max: Math.max(0, size - 1) }), { minLength: count, maxLength: count })
    .map((elements) => hostValue('i32', shape, Int32Array.from(elements)))
}

/** `bool` values of a shape. */
export const conditions = (shape: Sizes): fc.Arbitrary<HostValue<'bool'>> => {
  const count = sizeOf(shape)
  return fc.array(fc.boolean(), { minLength: count, maxLength: count }).map((elements) => hostValue('bool', shape, Uint8Array.from(elements, Number)))
}

/** Keys of the random number generator: any two words. */
export const keys = (): fc.Arbitrary<Key> => {
  const word = fc.integer({ min: 0, max: 0xffffffff })
  return fc.tuple(word, word)
}
