/** Numbers from a seed, for tests: repeatable, independent of any device, and of no statistical pretension. */
export interface RandomNumbers {
  /** Uniform in [low, high). */
  readonly uniform: (low: number, high: number) => number
  /** A whole number in [0, count). */
  readonly below: (count: number) => number
  /** The items in random order. */
  readonly shuffle: <T>(items: readonly T[]) => readonly T[]
}

/** The sequence that belongs to a seed (mulberry32). Each call of a member takes the next numbers. */
export const randomNumbers = (seed: number): RandomNumbers => {
  let state = seed >>> 0
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0
    let bits = Math.imul(state ^ (state >>> 15), state | 1)
    bits = (bits + Math.imul(bits ^ (bits >>> 7), bits | 61)) ^ bits
    return ((bits ^ (bits >>> 14)) >>> 0) / 0x100000000
  }
  const below = (count: number): number => Math.floor(next() * count)
  return {
    uniform: (low, high) => low + (high - low) * next(),
    below,
    shuffle: (items) =>
      items
        .map((item) => ({ item, key: next() }))
        .sort((a, b) => a.key - b.key)
        .map(({ item }) => item)
  }
}
