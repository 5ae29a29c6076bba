/** What a list of numbers looks like. Percentiles lie between neighbours, linearly, as numpy's; all are 0 for an empty list. */
export interface Distribution {
  readonly mean: number
  readonly min: number
  readonly p10: number
  readonly p25: number
  readonly median: number
  readonly p75: number
  readonly p90: number
  readonly max: number
}

const percentile = (sorted: Float64Array, share: number): number => {
  const at = share * Math.max(0, sorted.length - 1)
  const below = Math.floor(at)
  const low = sorted[below] ?? 0
  return low + (at - below) * ((sorted[below + 1] ?? low) - low)
}

/** Mean, extremes and percentiles of numbers. */
export const distribution = (values: readonly number[]): Distribution => {
  const sorted = Float64Array.from(values).sort()
  return {
    mean: sorted.length === 0 ? 0 : sorted.reduce((sum, value) => sum + value, 0) / sorted.length,
    min: percentile(sorted, 0),
    p10: percentile(sorted, 0.1),
    p25: percentile(sorted, 0.25),
    median: percentile(sorted, 0.5),
    p75: percentile(sorted, 0.75),
    p90: percentile(sorted, 0.9),
    max: percentile(sorted, 1)
  }
}
