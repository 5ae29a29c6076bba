/** Numbers up to this many are added by eight running sums; more are halved first. */
const block = 128

/**
 * The sum of `values[from … to)` in the order in which NumPy adds a contiguous array (`pairwise_sum`, NumPy 2): eight running sums within a block,
 * halves of what is longer. Its error does not grow with the count as that of one running sum does.
 */
const pairwiseSum = (values: ArrayLike<number>, from: number, to: number): number => {
  const count = to - from
  if (count > block) {
    const half = Math.floor(count / 2)
    const middle = from + half - (half % 8)
    return pairwiseSum(values, from, middle) + pairwiseSum(values, middle, to)
  }
  let index = from
  let sum = 0
  if (count >= 8) {
    const running = new Float64Array(8)
    for (const end = to - (count % 8); index < end; index += 8) {
      for (let lane = 0; lane < 8; lane++) running[lane] = (running[lane] ?? 0) + (values[index + lane] ?? 0)
    }
    const [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0, g = 0, h = 0] = running
    sum = a + b + (c + d) + (e + f + (g + h))
  }
  while (index < to) sum += values[index++] ?? 0
  return sum
}

/** The mean of numbers, to the last bit as NumPy computes it; `undefined` of none. */
export const mean = (values: ArrayLike<number>): number | undefined => (values.length === 0 ? undefined : pairwiseSum(values, 0, values.length) / values.length)
