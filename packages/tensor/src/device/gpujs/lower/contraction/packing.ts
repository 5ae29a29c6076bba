import type { Tensor } from '../../../../node.js'
import { combined, digit, digitForm, flatForm, partsOf, settled } from '../../kernel/forms.js'
import type { Digit, Form } from '../../kernel/forms.js'
import type { Contraction, Side } from './contraction.js'

/** The four numbers of a texel. */
export const texelPlaces = [0, 1, 2, 3] as const

/** An operand in texels, each of which holds four neighbours along a coordinate that is summed over. */
export interface Packing {
  readonly operand: Tensor
  /** The texels' axes, and a coordinate along each of them. */
  readonly sizes: readonly number[]
  readonly digits: readonly Digit[]
  /** Where in the operand the four numbers of a texel are, one form for each axis. */
  readonly places: readonly (readonly Form[])[]
  /** Of the four numbers, the value of the coordinate that is summed over: beyond `size` there are none, and zeros stand for them. */
  readonly fours: readonly Form[]
  readonly size: number
  /** The texel that the contraction reads. */
  readonly texel: Form
}

/** A contraction over texels: `inner` counts texels where it counted the numbers in them. */
export interface Packed {
  readonly outer: readonly Digit[]
  readonly inner: readonly Digit[]
  readonly left: Packing
  readonly right: Packing
}

/**
 * An operand in texels along `along`, whose quarters `fours` counts. Axes stay as they are, but for those that a single coordinate counts, which
 * hold what that reads, and for the one on which `along` is: the other coordinates there get axes of their own.
 */
const packing = ({ operand, axes }: Side, along: Digit, fours: Digit): Packing | undefined => {
  const forms = axes.map(settled)
  const own: { readonly size: number; readonly digit: Digit; readonly form: Form }[] = []
  /** A new axis of texels of which the contraction reads the one at `form`. */
  const axisOf = (size: number, form: Form): Form => {
    const coordinate = digit(size)
    own.push({ size, digit: coordinate, form })
    return digitForm(coordinate)
  }
  let quarter: Form | undefined
  const starts = forms.map((form, axis): readonly [Form, factor: number] => {
    const { base, terms } = form
    if (!terms.has(along) && terms.size > 1) return [axisOf(operand.shape[axis] ?? 1, form), 0]
    const others = [...terms].filter(([coordinate]) => coordinate !== along).map(([coordinate, factor]): readonly [Form, number] => [axisOf(coordinate.size, digitForm(coordinate)), factor])
    const factor = terms.get(along) ?? 0
    if (factor !== 0 && quarter === undefined) quarter = axisOf(fours.size, digitForm(fours))
    return [combined([...others, ...(factor === 0 || quarter === undefined ? [] : [[quarter, 4 * factor] as const])], base), factor]
  })
  if (quarter === undefined || starts.filter(([, factor]) => factor !== 0).length !== 1) return undefined
  const first: Form = quarter
  const sizes = own.map(({ size }) => size)
  return {
    operand,
    sizes,
    digits: own.map(({ digit: coordinate }) => coordinate),
    places: texelPlaces.map((place) => starts.map(([start, factor]) => combined([[start, 1]], factor * place))),
    fours: texelPlaces.map((place) => combined([[first, 4]], place)),
    size: along.size,
    texel: flatForm(own.map(({ form }) => form), sizes)
  }
}

/** The contraction with its operands in texels along one of its inner coordinates; `undefined` where an operand does not lie along it. */
export const packedAlong = (along: Digit, { outer, inner, left, right }: Contraction): Packed | undefined => {
  if (partsOf(along).length > 1 || along.size === 1) return undefined
  const fours = digit(Math.ceil(along.size / 4))
  const [a, b] = [packing(left, along, fours), packing(right, along, fours)]
  return a === undefined || b === undefined ? undefined : { outer, inner: inner.map((coordinate) => (coordinate === along ? fours : coordinate)), left: a, right: b }
}
