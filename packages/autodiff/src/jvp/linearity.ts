import { bind } from '@tabula/tensor'
import type { PrimitiveName } from '@tabula/tensor'
import { add, fixed } from '../expression.js'
import type { JvpApplication, PushForward, Tangent } from './rule.js'

/*
 * A primitive that is linear in an operand is its own derivative there: it is applied to the tangent in the operand's place.
 * Where it is linear in each of several operands, the derivative is the sum of one such term for each operand that moves.
 */

/** The primitive with the tangent in the operand's place, on the same indices; nothing where the operand does not move. */
const inPlace = <P extends PrimitiveName>(
  primitive: P,
  { attributes, inputs, tangents }: JvpApplication<P>,
  operand: number
): Tangent => {
  const tangent = tangents[operand]
  if (tangent === undefined) return undefined
  const others = inputs.map((input) => (input.dtype === 'f32' ? input : fixed(input)))
  return bind(primitive, attributes, ...others.map((input, index) => (index === operand ? tangent : input)))
}

/** The rule of a primitive with one result that is linear in one operand and has no derivative in the others. */
export const linearIn =
  <P extends PrimitiveName>(primitive: P, operand = 0): PushForward<P> =>
  (application) => [inPlace(primitive, application, operand)]

/** The rule of a primitive with one result that is linear in each of its two operands. */
export const bilinear =
  <P extends PrimitiveName>(primitive: P): PushForward<P> =>
  (application) => [sumOf(inPlace(primitive, application, 0), inPlace(primitive, application, 1))]

/** The sum of two tangents. */
export const sumOf = (a: Tangent, b: Tangent): Tangent => (a === undefined ? b : b === undefined ? a : add(a, b))
