/** The two 32-bit words that a Threefry block maps to two others, or that make a key. Unsigned. */
export type Words = readonly [number, number]

const rotations = [13, 15, 26, 6, 17, 29, 16, 24] as const
const parity = 0x1bd11bda
const groups = 5

/**
 * Threefry-2x32 with 20 rounds: a bijection of two words, chosen by a key of two words (Salmon et al., "Parallel random numbers:
 * as easy as 1, 2, 3", SC11; Random123).
 */
export const threefry2x32 = ([key0, key1]: Words, [counter0, counter1]: Words): Words => {
  const schedule = [key0, key1, key0 ^ key1 ^ parity] as const
  let x0 = (counter0 + schedule[0]) | 0
  let x1 = (counter1 + schedule[1]) | 0
  for (let group = 0; group < groups; group++) {
    const first = (group & 1) * 4
    for (let round = first; round < first + 4; round++) {
      const rotation = rotations[round] ?? 0
      x0 = (x0 + x1) | 0
      x1 = ((x1 << rotation) | (x1 >>> (32 - rotation))) ^ x0
    }
    x0 = (x0 + (schedule[(group + 1) % 3] ?? 0)) | 0
    x1 = (x1 + (schedule[(group + 2) % 3] ?? 0) + group + 1) | 0
  }
  return [x0 >>> 0, x1 >>> 0]
}

/** The block of a 64-bit counter, given as an integer below 2⁵³. */
export const blockAt = (key: Words, counter: number): Words => threefry2x32(key, [Math.floor(counter / 0x1_0000_0000), counter >>> 0])

/**
 * `count` words: word i is the exclusive or of the two words of block i, as JAX's `random_bits` with
 * `jax_threefry_partitionable=True`.
 */
export const bitsOf = (key: Words, count: number): Uint32Array => {
  const bits = new Uint32Array(count)
  for (let i = 0; i < count; i++) {
    const [high, low] = blockAt(key, i)
    bits[i] = high ^ low
  }
  return bits
}
