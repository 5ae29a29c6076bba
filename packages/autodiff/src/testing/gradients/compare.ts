import type { Abstract } from '@tabula/tensor'
import { sizeOf } from '@tabula/tensor'
import type { RandomNumbers } from '../random.js'
import type { Derivatives, Mode } from './derivatives.js'
import type { Numbers } from './point.js'
import { slopes } from './slopes.js'
import type { Slope } from './slopes.js'

/** What is compared: a derivative with a difference quotient, or both modes with one another. */
export type Comparison = Mode | 'adjoint'

/** A derivative that is not what it should be, along one direction. */
export interface Disagreement {
  readonly comparison: Comparison
  readonly point: Numbers
  readonly direction: Numbers
  /** One for each result; for forward mode, 1 at the number that differs and 0 elsewhere. */
  readonly cotangent: Numbers
  /** The difference quotient; for `adjoint`, forward mode. */
  readonly expected: number
  readonly found: number
}

/** A coordinate along which the function has no derivative. */
export interface KinkAt {
  readonly leaf: number
  readonly element: number
  readonly left: number
  readonly right: number
}

/** What one direction showed. */
export interface Along {
  readonly disagreement: Disagreement | undefined
  readonly kinks: readonly KinkAt[]
  /** The program decides differently on both sides, and the pieces happen to fit together. */
  readonly seam: boolean
  readonly comparisons: number
  readonly largestError: number
}

/** How closely to look. */
export interface Closeness {
  readonly modes: readonly Mode[]
  readonly relative: number
  readonly absolute: number
}

/** x + t·v */
export const moved = (x: Numbers, v: Numbers, t: number): Numbers => x.map((leaf, l) => leaf.map((number, e) => number + t * (v[l]?.[e] ?? 0)))

/** Numbers of the same sizes. */
export const mapNumbers = (numbers: Numbers, f: (number: number, leaf: number, element: number) => number): Numbers =>
  numbers.map((leaf, l) => leaf.map((number, e) => f(number, l, e)))

const inner = (a: Numbers, b: Numbers): { readonly sum: number; readonly size: number } => {
  let [sum, size] = [0, 0]
  a.forEach((leaf, l) =>
    leaf.forEach((number, e) => {
      const weight = b[l]?.[e] ?? 0
      // What is weighted with zero takes no part, even where it is infinite.
      if (weight === 0) return
      sum += number * weight
      size += Math.abs(number * weight)
    })
  )
  return { sum, size }
}

/** The distance, along the direction, of points between which only rounding makes results irregular. */
const tiny = 1e-12

/**
 * How far rounding alone moves each result: the largest change at points a few units in the last place away, and how irregular the
 * results are at points to one side and so near that the function is straight there (Moré & Wild 2011: fourth differences).
 */
const jitterAt = ({ value }: Derivatives, x: Numbers, v: Numbers, random: RandomNumbers): Numbers => {
  const centre = value(x)
  const near = Array.from({ length: 2 }, () => value(mapNumbers(x, (number) => number * (1 + (random.below(7) - 3) * 2 ** -52))))
  const [a, b, c, d, f] = [1, 2, 3, 4, 5].map((k) => value(moved(x, v, k * tiny)))
  return mapNumbers(centre, (number, l, e) => {
    const at = (sample: Numbers | undefined): number => sample?.[l]?.[e] ?? NaN
    const irregular = (3 / Math.sqrt(70)) * Math.abs(at(a) - 4 * at(b) + 6 * at(c) - 4 * at(d) + at(f))
    return [irregular, ...near.map((sample) => Math.abs(at(sample) - number))].reduce((most, size) => (Number.isFinite(size) ? Math.max(most, size) : most), 0)
  })
}

/** A coordinate of several tensors. */
interface Coordinate {
  readonly leaf: number
  readonly element: number
}

type SlopesAlong = (v: Numbers) => readonly (readonly Slope[])[]

const only = (like: Numbers, keep: readonly Coordinate[]): Numbers => {
  const kept = new Set(keep.map(({ leaf, element }) => `${leaf},${element}`))
  return mapNumbers(like, (number, l, e) => (kept.has(`${l},${e}`) ? number : 0))
}

const without = (like: Numbers, dropped: readonly Coordinate[]): Numbers =>
  dropped.length === 0 ? like : mapNumbers(like, (number, l, e) => (dropped.some(({ leaf, element }) => leaf === l && element === e) ? 0 : number))

const isSmooth = (along: readonly (readonly Slope[])[]): boolean => along.every((leaf) => leaf.every(({ smooth, defined }) => smooth || !defined))

/** The coordinates along which some result is not smooth when moved as v moves them, by halving. */
const roughCoordinates = (slopesAlong: SlopesAlong, v: Numbers, limit: number): readonly Coordinate[] => {
  const found: Coordinate[] = []
  const search = (group: readonly Coordinate[]): void => {
    if (group.length === 0 || found.length >= limit || isSmooth(slopesAlong(only(v, group)))) return
    if (group.length === 1) {
      found.push(...group)
      return
    }
    const half = Math.ceil(group.length / 2)
    search(group.slice(0, half))
    search(group.slice(half))
  }
  search(v.flatMap((leaf, l) => Array.from(leaf, (number, e) => ({ leaf: l, element: e, number })).filter(({ number }) => number !== 0)))
  return found
}

/** v with a direction for every coordinate in which results are smooth, and the coordinates that have none. */
const smoothDirection = (
  slopesAlong: SlopesAlong,
  x: Numbers,
  v: Numbers
): { readonly direction: Numbers; readonly kinks: readonly KinkAt[] } => {
  const kinks: KinkAt[] = []
  let direction = v
  for (const coordinate of roughCoordinates(slopesAlong, v, 64)) {
    const { leaf, element } = coordinate
    const speed = v[leaf]?.[element] ?? 1
    // A step may be too long for a function that changes fast, or too short to be seen: the other size may do.
    const size = Math.abs(x[leaf]?.[element] ?? 0)
    const speeds = [size, 1, 1e-3 * size].filter((other) => other > 1e-150 && (other < 0.4 * Math.abs(speed) || other > 1.6 * Math.abs(speed)))
    const other = speeds.find((candidate) => isSmooth(slopesAlong(mapNumbers(v, (_, l, e) => (l === leaf && e === element ? candidate : 0)))))
    direction = mapNumbers(direction, (number, l, e) => (l === leaf && e === element ? (other ?? 0) : number))
    if (other !== undefined) continue
    const rough = slopesAlong(only(v, [coordinate])).flat().find(({ smooth, defined }) => defined && !smooth)
    const sides = [(rough?.left ?? NaN) / speed, (rough?.right ?? NaN) / speed] as const
    kinks.push({ leaf, element, left: sides[speed < 0 ? 1 : 0], right: sides[speed < 0 ? 0 : 1] })
  }
  return { direction, kinks }
}

/**
 * Compares derivatives at x along v with difference quotients, and forward with reverse mode. Coordinates with kinks, and those that
 * `known` says have one, are left out of the direction; results that are not smooth all the same are left out of the comparison.
 */
export const compareAlong = (
  derivatives: Derivatives,
  x: Numbers,
  v: Numbers,
  random: RandomNumbers,
  { modes, relative, absolute }: Closeness,
  known: readonly Coordinate[] = []
): Along => {
  const jitter = jitterAt(derivatives, x, v, random)
  const slopesBy =
    (factor: number): SlopesAlong =>
    (along) =>
      slopes((t) => derivatives.value(moved(x, along, t * factor)), jitter, 4 * relative)
  const slopesAlong = slopesBy(1)
  const wished = without(v, known)
  const first = slopesAlong(wished)
  const { direction, kinks } = isSmooth(first) ? { direction: wished, kinks: [] } : smoothDirection(slopesAlong, x, wished)
  const smooth = direction === wished ? first : slopesAlong(direction)
  const usable = (leaf: number, element: number): boolean => smooth[leaf]?.[element]?.smooth === true
  const cotangent = smooth.map((leaf, l) => Float64Array.from(leaf, (_, e) => (usable(l, e) ? awayFromZero(random) : 0)))
  const disagreements: Disagreement[] = []
  let [comparisons, largestError] = [0, 0]
  const note = (comparison: Comparison, expected: number, found: number, size: number, noise: number, cotangentOf: () => Numbers): void => {
    const error = Math.abs(found - expected)
    comparisons++
    if (!(error <= relative * size + noise + absolute)) {
      if (disagreements.length === 0) disagreements.push({ comparison, point: x, direction, cotangent: cotangentOf(), expected, found })
    }
    // Where rounding may be larger than what is tolerated, the quotient says nothing of the derivative's precision.
    else if (noise <= relative * size && size > 0) largestError = Math.max(largestError, error / size)
  }
  const tangents = modes.includes('forward') ? derivatives.forward(x, direction) : undefined
  const gradients = modes.includes('reverse') ? derivatives.reverse(x, cotangent) : undefined
  if (tangents !== undefined) {
    smooth.forEach((leaf, l) => {
      const size = leaf.reduce((most, slope) => Math.max(most, slope.smooth ? Math.abs(slope.value) : 0), 0)
      leaf.forEach((slope, e) => {
        if (!slope.smooth) return
        const found = tangents[l]?.[e] ?? NaN
        const local = Math.max(Math.abs(slope.value), Number.isFinite(found) ? Math.abs(found) : 0, 1e-6 * size)
        const one = (): Numbers => mapNumbers(cotangent, (_, a, b) => (a === l && b === e ? 1 : 0))
        note('forward', slope.value, found, local, slope.noise, one)
      })
    })
  }
  if (gradients !== undefined) {
    const expected = inner(smooth.map((leaf) => Float64Array.from(leaf, ({ value }) => value)), cotangent)
    const noise = inner(smooth.map((leaf) => Float64Array.from(leaf, (slope) => slope.noise)), cotangent)
    const found = inner(gradients, direction)
    note('reverse', expected.sum, found.sum, expected.size, noise.size, () => cotangent)
  }
  if (tangents !== undefined && gradients !== undefined && disagreements.length === 0) {
    const pushed = inner(tangents, cotangent)
    const pulled = inner(gradients, direction)
    const noise = 1e-13 * (pushed.size + pulled.size)
    note('adjoint', pushed.sum, pulled.sum, 1e-3 * (pushed.size + pulled.size), noise, () => cotangent)
  }
  const [disagreement] = disagreements
  const result = { kinks, seam: false, comparisons, largestError }
  if (disagreement === undefined) return { ...result, disagreement }
  // Where a result is undefined, or without a slope, its weight of zero does not keep it from what is pulled back.
  const inPieces = kinks.length > 0 || known.length > 0 || smooth.some((leaf) => leaf.some(({ defined }) => !defined))
  if (!Number.isFinite(disagreement.found)) return { ...result, disagreement: inPieces ? undefined : disagreement }
  // Samples of a function that changes fast may look smooth by chance, but not twice.
  const again = slopesBy(0.618)(direction)
  const same = smooth.every((leaf, l) =>
    leaf.every((slope, e) => {
      const other = again[l]?.[e]
      if (!slope.smooth || other === undefined) return true
      return Math.abs(slope.value - 0.618 ** -1 * other.value) <= 1e-4 * Math.abs(slope.value) + 4 * (slope.noise + other.noise)
    })
  )
  // Two pieces may join smoothly at x; a derivative taken there belongs to one of them, or to neither.
  const seam = !same || derivatives.decides([moved(x, direction, -2.5e-5), x, moved(x, direction, 2.5e-5)])
  return { ...result, disagreement: seam ? undefined : disagreement, seam }
}

/** Between ½ and 1½, of either sign. */
export const awayFromZero = ({ uniform, below }: RandomNumbers): number => uniform(0.5, 1.5) * (below(2) === 0 ? -1 : 1)

/** A random direction. Odd ones move each number by its own size, even ones by about 1. */
export const directionAt = (x: Numbers, random: RandomNumbers, odd: boolean): Numbers =>
  x.map((leaf) => {
    const largest = leaf.reduce((most, number) => Math.max(most, Math.abs(number)), 0)
    // Numbers so small that their neighbourhood underflows are zeros for this purpose.
    const whole = largest > 1e-150 ? largest : 1
    return leaf.map((number) => awayFromZero(random) * (odd ? Math.max(Math.abs(number), 1e-3 * whole) : 1))
  })

/** Numbers for tensors of these shapes. */
export const numbersFor = (like: readonly Abstract[], next: () => number): Numbers =>
  like.map(({ shape }) => Float64Array.from({ length: sizeOf(shape) }, next))
