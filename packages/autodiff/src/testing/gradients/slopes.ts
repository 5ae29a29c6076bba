import type { Numbers } from './point.js'

/** How a number changes with t at t = 0. */
export interface Slope {
  /** By a central difference of nine points. */
  readonly value: number
  /** From the left and from the right, each by five points on its side. */
  readonly left: number
  readonly right: number
  /** What rounding, and the distance between the points, may contribute to `value`: the latter from that of five points. */
  readonly noise: number
  /** Whether both sides agree at some distance; where they do not, there is a kink, a jump or a singularity. */
  readonly smooth: boolean
  /** Whether the number itself is finite at t = 0. Where it is not, it has no slope in any direction. */
  readonly defined: boolean
}

/** Distances between the points, tried until both sides agree: a kink close by is not mistaken for one at the point. */
const distances = [2.5e-3, 2.5e-4, 2.5e-5, 2.5e-6, 2.5e-7]

/** The unit roundoff of double precision, twice. */
const epsilon = 2 ** -52

const largest = (numbers: readonly number[]): number => numbers.reduce((most, x) => Math.max(most, Math.abs(x)), 0)

/** One distance: the three estimates of every number's slope. `samples[k]` are the numbers at t = (k − 4)·h. */
const slopesAt = (samples: readonly Numbers[], jitter: Numbers, floors: Numbers, h: number, agreement: number): readonly (readonly Slope[])[] => {
  const at = (k: number, leaf: number, element: number): number => samples[k + 4]?.[leaf]?.[element] ?? NaN
  return (samples[4] ?? []).map((centre, leaf) => {
    const scale = samples.map((sample) => largest(Array.from(sample[leaf] ?? []).filter(Number.isFinite)))
    const magnitude = largest(scale)
    return Array.from(centre, (_, element): Slope => {
      const f = (k: number): number => at(k, leaf, element)
      const five = (8 * (f(1) - f(-1)) - (f(2) - f(-2))) / (12 * h)
      const value = (672 * (f(1) - f(-1)) - 168 * (f(2) - f(-2)) + 32 * (f(3) - f(-3)) - 3 * (f(4) - f(-4))) / (840 * h)
      const right = (-25 * f(0) + 48 * f(1) - 36 * f(2) + 16 * f(3) - 3 * f(4)) / (12 * h)
      const left = (25 * f(0) - 48 * f(-1) + 36 * f(-2) - 16 * f(-3) + 3 * f(-4)) / (12 * h)
      const rounding = (4 * epsilon * magnitude + 8 * (jitter[leaf]?.[element] ?? 0)) / h
      const size = largest([value, left, right])
      const apart = largest([left - right, value - left, value - right])
      const noise = rounding + Math.abs(value - five) / 4 + (floors[leaf]?.[element] ?? 0)
      return { value, left, right, noise, smooth: apart <= agreement * size + 12 * rounding, defined: Number.isFinite(f(0)) }
    })
  })
}

/**
 * Slopes so small beside how the number changes around t = 0 that they are none: the slope of cos at 0 is 0, whatever else differences
 * at ever smaller distances say.
 */
const floorsOf = (samples: readonly Numbers[], h: number): Numbers =>
  (samples[4] ?? []).map((centre, leaf) =>
    centre.map((number, element) => {
      const changes = samples.map((sample) => Math.abs((sample[leaf]?.[element] ?? NaN) - number)).filter(Number.isFinite)
      return (1e-10 * largest(changes)) / h
    })
  )

/**
 * The slopes at t = 0 of the numbers that `sample` answers for t. `jitter` is how far rounding moves each of them, from evaluations
 * at points a few units in the last place away. One-sided and central differences must agree to `agreement`, relative; distances are
 * halved and halved again until they do, each number by itself.
 */
export const slopes = (
  sample: (t: number) => Numbers,
  jitter: Numbers,
  agreement: number
): readonly (readonly Slope[])[] => {
  let best: readonly (readonly Slope[])[] | undefined
  let floors: Numbers = []
  for (const h of distances) {
    const samples = [-4, -3, -2, -1, 0, 1, 2, 3, 4].map((k) => sample(k * h))
    if (best === undefined) floors = floorsOf(samples, h)
    const found = slopesAt(samples, jitter, floors, h, agreement)
    const before = best
    // A number that was smooth at a larger distance keeps that slope, which rounding disturbs less.
    best = before === undefined ? found : found.map((leaf, l) => leaf.map((slope, e) => (before[l]?.[e]?.smooth === true ? before[l][e] : slope)))
    if (best.every((leaf) => leaf.every(({ smooth, defined }) => smooth || !defined))) break
  }
  return best ?? []
}
