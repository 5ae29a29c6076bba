import type { Sizes } from '../shape.js'
import { sizeOf } from '../shape.js'
import type { HostValue } from '../value.js'
import { hostValue } from '../value.js'
import type { Key } from './key.js'
import { split } from './key.js'
import { normalQuantile } from './normal-quantile.js'
import { bitsOf } from './threefry.js'

/** Independent numbers, uniform in [low, high), of 23 random bits each, in single precision as `jax.random.uniform`. */
export const uniform = (key: Key, shape: Sizes, low = 0, high = 1): HostValue<'f32'> => {
  const start = Math.fround(low)
  const extent = Math.fround(Math.fround(high) - start)
  const bits = bitsOf(key, sizeOf(shape))
  return hostValue('f32', shape, Float32Array.from(bits, (word) => Math.max(start, Math.fround((word >>> 9) * 2 ** -23 * extent) + start)))
}

/**
 * Independent standard normal numbers: √2·erf⁻¹ of uniform numbers in (−1, 1), as `jax.random.normal`, whose inverse error
 * function is the less accurate one (they agree to about 1e-6).
 */
export const normal = (key: Key, shape: Sizes): HostValue<'f32'> => {
  const aboveMinusOne = -1 + 2 ** -24
  const { data } = uniform(key, shape, aboveMinusOne, 1)
  return hostValue('f32', shape, Float32Array.from(data, normalQuantile))
}

/** The numbers 0 … count − 1 in random order: sorted by random words, in as many rounds as `jax.random.permutation` takes. */
export const permutation = (key: Key, count: number): HostValue<'i32'> => {
  // Words repeat; more rounds make the effect of ties on large permutations negligible.
  const rounds = Math.ceil((3 * Math.log(Math.max(1, count))) / Math.log(0xffff_ffff))
  let order = Int32Array.from({ length: count }, (_, i) => i)
  let rest = key
  for (let round = 0; round < rounds; round++) {
    const [next = rest, current = rest] = split(rest)
    rest = next
    const words = bitsOf(current, count)
    const places = Int32Array.from({ length: count }, (_, i) => i).sort((i, j) => (words[i] ?? 0) - (words[j] ?? 0))
    const before = order
    order = places.map((place) => before[place] ?? 0)
  }
  return hostValue('i32', [count], order)
}
