/**
 * A cursor over a counter-based random sequence: the n-th number depends only on the key and on n, so scenes drawn from
 * (seed, split, index) can be drawn in any order, or alone, with the same result. The mixing function is `lowbias32`
 * (C. Wellons, hash-prospector), applied to key and counter in turn. Not for cryptography.
 */
export type RandomStream = {
  /** A number in [0, 1) with 32 random bits. */
  readonly uniform: () => number
  /** A number in [low, high). */
  readonly range: (low: number, high: number) => number
  /** An integer in low..high, both included. */
  readonly integer: (low: number, high: number) => number
  /** True with the given probability. */
  readonly chance: (probability: number) => boolean
  /** One element of a list that has at least one. */
  readonly pick: <T>(items: readonly [T, ...(readonly T[])]) => T
}

const mix = (value: number): number => {
  let x = value >>> 0
  x = Math.imul(x ^ (x >>> 16), 0x21f0aaad)
  x = Math.imul(x ^ (x >>> 15), 0x735a2d97)
  return (x ^ (x >>> 15)) >>> 0
}

/** A 32-bit key from a list of integers; the order counts. */
export const keyOf = (...parts: readonly number[]): number =>
  parts.reduce((key, part) => mix(key ^ mix(part ^ Math.imul(Math.floor(part / 0x1_0000_0000), 0x9e3779b9))), 0x7ab01a)

/** A 32-bit integer from a text (FNV-1a over UTF-16 code units), to make it part of a key. */
export const keyOfText = (text: string): number =>
  [...text].reduce((hash, letter) => Math.imul(hash ^ (letter.codePointAt(0) ?? 0), 0x01000193) >>> 0, 0x811c9dc5)

/** The stream that belongs to a key. The cursor is local to the returned value. */
export const randomStream = (key: number): RandomStream => {
  let counter = 0
  const uniform = (): number => {
    counter += 1
    return mix(mix(key ^ Math.imul(counter, 0x9e3779b9)) ^ counter) / 0x1_0000_0000
  }
  const integer = (low: number, high: number): number => low + Math.floor(uniform() * (high - low + 1))
  return {
    uniform,
    range: (low, high) => low + (high - low) * uniform(),
    integer,
    chance: (probability) => uniform() < probability,
    pick: (items) => items[integer(0, items.length - 1)] ?? items[0]
  }
}

/** The integers 0..count-1 in an order that belongs to the key (Fisher–Yates). */
export const permutation = (key: number, count: number): readonly number[] => {
  const stream = randomStream(key)
  const order = Array.from({ length: count }, (_, index) => index)
  for (let last = count - 1; last > 0; last -= 1) {
    const other = stream.integer(0, last)
    const kept = order[last] ?? last
    order[last] = order[other] ?? other
    order[other] = kept
  }
  return order
}
