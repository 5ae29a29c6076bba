import { bindAll } from '@tabula/tensor'
import type { PrimitiveName, Tensor } from '@tabula/tensor'
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
): readonly Tensor[] | undefined => {
  const tangent = tangents[operand]
  if (tangent === undefined) return undefined
  return bindAll(primitive, attributes, ...inputs.map((input, index) => (index === operand ? tangent : input.dtype === 'f32' ? input : fixed(input))))
}

/** The rule of a primitive that is linear in one operand and has no derivative in the others. */
export const linearIn =
  <P extends PrimitiveName>(primitive: P, operand = 0): PushForward<P> =>
  (application) =>
    inPlace(primitive, application, operand) ?? []

/** The rule of a primitive with one result that is linear in each of its two operands. */
export const bilinear =
  <P extends PrimitiveName>(primitive: P): PushForward<P> =>
  (application) => {
    const [first] = inPlace(primitive, application, 0) ?? []
    const [second] = inPlace(primitive, application, 1) ?? []
    return [sumOf(first, second)]
  }

/** The sum of two tangents. */
export const sumOf = (a: Tangent, b: Tangent): Tangent => (a === undefined ? b : b === undefined ? a : add(a, b))
