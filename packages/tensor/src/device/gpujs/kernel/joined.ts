import { partsOf } from './forms.js'
import type { Digit, Form } from './forms.js'

/** A coordinate of a kernel after neighbours that run as one were joined. */
export interface Joined {
  readonly size: number
  /** The innermost of the coordinates joined, whose coefficient is the whole's. */
  readonly last: Digit
}

/** How far a step along a coordinate moves a form, whose coordinates are not split. */
export const coefficientOf = (form: Form, coordinate: Digit): number => form.terms.get(coordinate) ?? 0

/** Joins neighbouring coordinates, outermost first, wherever every (settled) form sees them as one, up to a size. Coordinates of size 1 vanish. */
export const joinedDigits = (digits: readonly Digit[], forms: readonly Form[], most: number): readonly Joined[] => {
  const result: Joined[] = []
  for (const part of digits.flatMap(partsOf).filter(({ size }) => size > 1).reverse()) {
    const inner = result[0]
    if (inner !== undefined && inner.size * part.size <= most && forms.every((form) => coefficientOf(form, part) === coefficientOf(form, inner.last) * inner.size)) result[0] = { size: inner.size * part.size, last: inner.last }
    else result.unshift({ size: part.size, last: part })
  }
  return result
}
