import { showShape } from '@tabula/tensor'
import type { Row } from './row.js'

/** Numbers with a shape, whatever their type. */
export interface Numbers {
  readonly shape: readonly number[]
  readonly data: ArrayLike<number>
}

/** How far one value is from the recorded one, and how far it may be; both absolute. `error` is infinite where shapes differ. */
export interface Comparison {
  readonly what: string
  readonly error: number
  readonly tolerance: number
  readonly note?: string
}

/** The largest finite magnitude; 0 of nothing. */
export const magnitude = (data: ArrayLike<number>): number => {
  let largest = 0
  for (let index = 0; index < data.length; index++) {
    const size = Math.abs(data[index] ?? 0)
    if (size > largest && Number.isFinite(size)) largest = size
  }
  return largest
}

/** The largest |found − wanted|; equal infinities and two NaNs agree, one NaN is an infinite error. */
export const largestDifference = (found: ArrayLike<number>, wanted: ArrayLike<number>): number => {
  let largest = 0
  for (let index = 0; index < wanted.length; index++) {
    const [got, want] = [found[index] ?? NaN, wanted[index] ?? NaN]
    if (got === want || (Number.isNaN(got) && Number.isNaN(want))) continue
    const difference = Math.abs(got - want)
    largest = Math.max(largest, Number.isNaN(difference) ? Infinity : difference)
  }
  return largest
}

/** Compares a value with the recorded one; the tolerance is a function of the largest recorded magnitude. */
export const compare = (what: string, found: Numbers | undefined, wanted: Numbers, toleranceOf: (largest: number) => number): Comparison => {
  const tolerance = toleranceOf(magnitude(wanted.data))
  if (found === undefined) return { what, error: Infinity, tolerance, note: `${what} is missing` }
  const [shape, recorded] = [showShape(found.shape), showShape(wanted.shape)]
  if (shape !== recorded) return { what, error: Infinity, tolerance, note: `${what} has shape ${shape}, recorded ${recorded}` }
  return { what, error: largestDifference(found.data, wanted.data), tolerance }
}

/** How much of its tolerance a comparison uses up; above 1 it fails. */
const used = ({ error, tolerance }: Comparison): number => (error === 0 ? 0 : tolerance === 0 ? Infinity : error / tolerance)

/** The row of a case: it passes where every comparison does, and shows the worst one. */
export const rowOf = (set: string, name: string, comparisons: readonly Comparison[]): Row => {
  const [first] = comparisons
  if (first === undefined) return { set, name, status: 'failed', note: 'nothing was compared' }
  const worst = comparisons.reduce((a, b) => (used(b) > used(a) ? b : a), first)
  return {
    set,
    name,
    status: used(worst) <= 1 ? 'passed' : 'failed',
    error: worst.error,
    tolerance: worst.tolerance,
    note: worst.note ?? worst.what
  }
}
