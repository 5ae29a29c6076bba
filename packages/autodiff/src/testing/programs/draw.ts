/** Choices from a list of whole numbers: the first is used first, and once all are used every choice is the simplest. */
export interface Draw {
  /** A whole number in [0, count). */
  readonly below: (count: number) => number
  /** One of the items; the first is the simplest. */
  readonly pick: <T>(items: readonly [T, ...T[]]) => T
}

/** Choices that depend on nothing but the numbers given, so that smaller numbers make simpler programs. */
export const drawFrom = (choices: readonly number[]): Draw => {
  let next = 0
  const below = (count: number): number => (choices[next++] ?? 0) % Math.max(1, count)
  return { below, pick: ([first, ...rest]) => [first, ...rest][below(rest.length + 1)] ?? first }
}
