import { graphOf } from '@tabula/tensor'
import type { HostValue, Tensor } from '@tabula/tensor'
import { evaluate } from '@tabula/tensor/reference'
import { either as E } from 'fp-ts'
import { Refused } from '../gradients/point.js'

/** Two tensors that a law says are equal. */
export interface Equation {
  /** Which result of the function, or which leaf of its arguments. */
  readonly of: string
  readonly expected: Tensor
  readonly found: Tensor
}

/** Where two sides of an equation differ. */
export interface Difference {
  readonly of: string
  readonly expected: HostValue
  readonly found: HostValue
  /** The first element that differs, counted along rows. */
  readonly element: number
}

/** What comparing equations showed. */
export interface Compared {
  readonly difference: Difference | undefined
  readonly comparisons: number
  readonly largestError: number
}

const equal = (a: number, b: number): boolean => Object.is(a, b) || a === b

/**
 * Evaluates both sides, which rest on constants only, and compares them element by element, relative to the largest number of
 * either side. Throws `Refused`.
 */
export const compareSides = (equations: readonly Equation[], relative: number, inputs: readonly Tensor[] = [], values: readonly HostValue[] = []): Compared => {
  const outcome = evaluate(
    graphOf(
      inputs,
      equations.flatMap(({ expected, found }) => [expected, found])
    ),
    values
  )
  if (E.isLeft(outcome)) throw new Refused(outcome.left)
  let [comparisons, largestError] = [0, 0]
  for (const [index, { of }] of equations.entries()) {
    const [expected, found] = outcome.right.slice(2 * index, 2 * index + 2)
    if (expected === undefined || found === undefined) continue
    const sizes = [expected, found].flatMap(({ data }) => Array.from(data, Math.abs).filter(Number.isFinite))
    const scale = sizes.reduce((most, size) => Math.max(most, size), 0)
    const sameType = expected.dtype === found.dtype && expected.shape.join() === found.shape.join()
    const element = sameType
      ? Array.from(expected.data).findIndex((a, k) => !equal(a, found.data[k] ?? NaN) && !(Math.abs(a - (found.data[k] ?? NaN)) <= relative * scale))
      : 0
    if (element >= 0) return { difference: { of, expected, found, element }, comparisons, largestError }
    comparisons += expected.data.length
    expected.data.forEach((a, k) => {
      const error = Math.abs(a - (found.data[k] ?? NaN)) / scale
      if (error > largestError && Number.isFinite(error)) largestError = error
    })
  }
  return { difference: undefined, comparisons, largestError }
}
