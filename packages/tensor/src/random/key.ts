import type { Words } from './threefry.js'
import { blockAt, threefry2x32 } from './threefry.js'
import type { HostValue } from '../value.js'
import { valueOf } from '../value.js'

/**
 * A splittable, counter-based source of randomness: two unsigned 32-bit words. A key is a value: the same key always gives the
 * same numbers, so use each key once and `split` or `foldIn` for more. Follows JAX with `jax_threefry_partitionable=True`.
 */
export type Key = Words

/** The key of a seed, as `jax.random.key`. Throws `RangeError` unless the seed is an integer in [0, 2⁵³). */
export const key = (seed: number): Key => {
  if (!Number.isSafeInteger(seed) || seed < 0) throw new RangeError(`key: seed: expected an integer in [0, 2^53), found ${seed}`)
  return [Math.floor(seed / 0x1_0000_0000), seed >>> 0]
}

/** `count` independent keys, as `jax.random.split`. */
export const split = (parent: Key, count = 2): readonly Key[] => Array.from({ length: count }, (_, i) => blockAt(parent, i))

/** FNV-1a, 32 bits, of the UTF-8 bytes. */
const hashOf = (text: string): number =>
  new TextEncoder().encode(text).reduce((hash, byte) => Math.imul(hash ^ byte, 0x0100_0193) >>> 0, 0x811c_9dc5)

/**
 * The key that belongs to `data` under `parent`. A number counts as its low 32 bits, as in `jax.random.fold_in`; a string, such
 * as a parameter's path, as its 32-bit FNV-1a hash.
 */
export const foldIn = (parent: Key, data: number | string): Key =>
  threefry2x32(parent, [0, typeof data === 'string' ? hashOf(data) : data >>> 0])

/** The key as a value that `randomBits` takes. */
export const keyValue = (words: Key): HostValue<'u32'> => valueOf('u32', [2], words)
