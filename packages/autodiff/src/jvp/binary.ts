import { bind } from '@tabula/tensor'
import type { PrimitiveName, Tensor } from '@tabula/tensor'
import { at, broadcastTo, div, mul, neg, number, select, sub } from '../expression.js'
import { powerInBase, powerInExponent, share, squaredRadius } from '../vjp/binary.js'
import type { Operands } from '../vjp/binary.js'
import { sumOf } from './linearity.js'
import type { PushForward, Tangent } from './rule.js'

type Term = (operands: Operands) => Tensor

/**
 * The rule of an elementwise primitive with two operands that broadcast: the sum of one term for each side that moves, in the
 * result's shape. Terms are written in `c`, the side's tangent, as those of reverse mode are in the cotangent.
 */
const elementwise =
  <P extends PrimitiveName>(termOfA: Term, termOfB: Term): PushForward<P> =>
  ({ inputs, outputs, tangents }) => {
    const [a, b, y] = [at(inputs, 0), at(inputs, 1), at(outputs, 0)]
    const term = (c: Tangent, of: Term): Tangent => (c === undefined ? undefined : of({ c, a, b, y }))
    return [inShapeOf(y, sumOf(term(tangents[0], termOfA), term(tangents[1], termOfB)))]
  }

/** A tangent that broadcasts against y, in y's shape. */
const inShapeOf = (y: Tensor, tangent: Tangent): Tangent => (tangent === undefined ? undefined : broadcastTo(tangent, y.shape))

export const addRule = elementwise<'add'>(
  ({ c }) => c,
  ({ c }) => c
)

/** One subtraction where both sides move. */
const difference = (a: Tangent, b: Tangent): Tangent => (b === undefined ? a : a === undefined ? neg(b) : sub(a, b))

/** t_a − t_b */
export const subRule: PushForward<'sub'> = ({ outputs, tangents: [a, b] }) => [inShapeOf(at(outputs, 0), difference(a, b))]

/** (t_a − y·t_b) / b */
export const divRule: PushForward<'div'> = ({ inputs, outputs, tangents: [a, b] }) => {
  const y = at(outputs, 0)
  const numerator = difference(a, b === undefined ? undefined : mul(y, b))
  return numerator === undefined ? [] : [inShapeOf(y, div(numerator, at(inputs, 1)))]
}

/** t_a − t_b·trunc(a / b), the whole number being (a − y) / b. */
export const remRule = elementwise<'rem'>(
  ({ c }) => c,
  ({ c, a, b, y }) => mul(c, bind('round', {}, div(sub(y, a), b)))
)

/** t_a·b·a^(b−1) + t_b·y·ln(a); conventions as in reverse mode. */
export const powRule = elementwise<'pow'>(powerInBase, powerInExponent)

/** The larger side's; of equal ones half each. */
export const maximumRule = elementwise<'maximum'>(
  ({ c, a, b }) => mul(c, share(b, a)),
  ({ c, a, b }) => mul(c, share(a, b))
)

/** The smaller side's; of equal ones half each. */
export const minimumRule = elementwise<'minimum'>(
  ({ c, a, b }) => mul(c, share(a, b)),
  ({ c, a, b }) => mul(c, share(b, a))
)

/** (t_a·b − t_b·a) / (a² + b²) */
export const atan2Rule = elementwise<'atan2'>(
  (operands) => div(mul(operands.c, operands.b), squaredRadius(operands)),
  (operands) => neg(div(mul(operands.c, operands.a), squaredRadius(operands)))
)

/** The tangent of the side that was selected. */
export const selectRule: PushForward<'select'> = ({ inputs, outputs, tangents: [, whenTrue, whenFalse] }) => {
  if (whenTrue === undefined && whenFalse === undefined) return []
  const selected = select(at(inputs, 0), whenTrue ?? number(0), whenFalse ?? number(0))
  return [inShapeOf(at(outputs, 0), selected)]
}
