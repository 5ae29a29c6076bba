import type { Sizes } from '../../../shape.js'
import { stridesOf } from '../../../shape.js'

/**
 * A coordinate of a kernel: it counts from 0 to `size` − 1, along a dimension of the threads or of a loop. It may be split into an
 * outer and an inner part, which then stand for it.
 */
export interface Digit {
  readonly size: number
  parts?: readonly [outer: Digit, inner: Digit]
  /** For a coordinate that a kernel computes from data: the value that it is. */
  readonly computed?: object
}

/** A coordinate that is not split. */
export const digit = (size: number, computed?: object): Digit => (computed === undefined ? { size } : { size, computed })

/** The number `base + Σ coefficient · digit`. */
export interface Form {
  readonly base: number
  readonly terms: ReadonlyMap<Digit, number>
}

/** The form that is always the same number. */
export const constantForm = (base: number): Form => ({ base, terms: new Map() })

/** The form that is a coordinate. */
export const digitForm = (coordinate: Digit): Form => ({ base: 0, terms: coordinate.size === 1 ? new Map() : new Map([[coordinate, 1]]) })

/** The coordinates that stand for this one, outermost first. */
export const partsOf = (coordinate: Digit): readonly Digit[] => (coordinate.parts === undefined ? [coordinate] : coordinate.parts.flatMap(partsOf))

/** The same number in terms of coordinates that are not split. */
export const settled = (form: Form): Form => {
  if ([...form.terms.keys()].every(({ parts }) => parts === undefined)) return form
  const terms = new Map<Digit, number>()
  form.terms.forEach((coefficient, coordinate) => {
    let place = coefficient
    for (const part of [...partsOf(coordinate)].reverse()) {
      if (part.size > 1) terms.set(part, place)
      place *= part.size
    }
  })
  return { base: form.base, terms }
}

/** `Σ factor · form + base`. */
export const combined = (parts: readonly (readonly [form: Form, factor: number])[], base = 0): Form => {
  const terms = new Map<Digit, number>()
  let sum = base
  for (const [form, factor] of parts) {
    const { base: own, terms: theirs } = settled(form)
    sum += own * factor
    theirs.forEach((coefficient, coordinate) => {
      const total = (terms.get(coordinate) ?? 0) + coefficient * factor
      if (total === 0) terms.delete(coordinate)
      else terms.set(coordinate, total)
    })
  }
  return { base: sum, terms }
}

/** The flat index of a place in an array of this shape. */
export const flatForm = (axes: readonly Form[], shape: Sizes): Form => {
  const strides = stridesOf(shape)
  return combined(axes.map((axis, k) => [axis, strides[k] ?? 0]))
}

/**
 * A form as `quotient · divisor + remainder`, splitting coordinates where that helps; `undefined` where its coordinates carry into
 * one another.
 */
const divided = (form: Form, divisor: number): readonly [quotient: Form, remainder: Form] | undefined => {
  const { base, terms } = settled(form)
  if (base < 0) return undefined
  for (const [coordinate, coefficient] of terms) {
    if (coefficient < 0) return undefined
    const inner = divisor / coefficient
    if (coefficient < divisor && Number.isInteger(inner) && coordinate.size > inner && coordinate.size % inner === 0 && coordinate.computed === undefined) {
      coordinate.parts = [digit(coordinate.size / inner), digit(inner)]
    }
  }
  const upper = new Map<Digit, number>()
  const lower = new Map<Digit, number>()
  let most = base % divisor
  settled(form).terms.forEach((coefficient, coordinate) => {
    if (coefficient % divisor === 0) upper.set(coordinate, coefficient / divisor)
    else {
      lower.set(coordinate, coefficient)
      most += coefficient * (coordinate.size - 1)
    }
  })
  if (most >= divisor) return undefined
  return [
    { base: Math.floor(base / divisor), terms: upper },
    { base: base % divisor, terms: lower }
  ]
}

/**
 * Where the element at `axes` of an array of shape `to` stands in the same array of shape `from`; `undefined` where that is no sum of
 * coordinates.
 */
export const reshapedForms = (axes: readonly Form[], to: Sizes, from: Sizes): readonly Form[] | undefined => {
  const result = new Array<Form>(from.length).fill(constantForm(0))
  let [k, j] = [0, 0]
  while (k < from.length || j < to.length) {
    // The shortest groups of axes with as many elements on both sides.
    const [firstFrom, firstTo] = [k, j]
    let sizeFrom = from[k++] ?? 1
    let sizeTo = to[j++] ?? 1
    while (sizeFrom !== sizeTo) {
      if (sizeFrom < sizeTo) sizeFrom *= from[k++] ?? 1
      else sizeTo *= to[j++] ?? 1
    }
    if (k - firstFrom === 1 && j - firstTo === 1) {
      if (firstFrom < from.length) result[firstFrom] = axes[firstTo] ?? constantForm(0)
      continue
    }
    let rest = flatForm(axes.slice(firstTo, j), to.slice(firstTo, j))
    const group = from.slice(firstFrom, k)
    const strides = stridesOf(group)
    for (let axis = 0; axis < group.length; axis++) {
      const stride = strides[axis] ?? 1
      if (stride === 1) {
        result[firstFrom + axis] = rest
        break
      }
      const parts = divided(rest, stride)
      if (parts === undefined) return undefined
      result[firstFrom + axis] = parts[0]
      rest = parts[1]
    }
  }
  // Trailing axes of size 1 that only one of the shapes has.
  return result.slice(0, from.length)
}

/** A form along an axis that repeats each element `factor` times: the form of the element; `undefined` where coordinates carry. */
export const dividedForm = (form: Form, divisor: number): Form | undefined => (divisor === 1 ? form : divided(form, divisor)?.[0])
