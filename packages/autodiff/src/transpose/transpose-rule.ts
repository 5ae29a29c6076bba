import { DerivativeError } from '@tabula/tensor'
import type { Tensor } from '@tabula/tensor'
import { either as E } from 'fp-ts'
import type { Cotangent } from '../vjp/rule.js'
import { transposeAt } from './transpose.js'
import type { MapAt } from './transpose.js'

/** What each mode's rule maps, and what to give instead where it cannot be transposed. */
const kinds = {
  vjp: { variables: 'cotangents', remedy: 'give customVjp a jvp beside its vjp' },
  jvp: { variables: 'tangents', remedy: 'write the derivative with customVjp, with a jvp beside its vjp' }
} as const

/**
 * The other mode's derivative of a call that brings the rule of one mode: the transpose of the rule. Throws `DerivativeError` under
 * the call's name where the rule is not linear, as far as its program shows.
 */
export const transposeRule = (
  operation: string,
  kind: 'vjp' | 'jvp',
  point: readonly Tensor[],
  shapes: readonly Tensor[],
  rule: MapAt,
  cotangents: readonly Cotangent[]
): readonly Cotangent[] => {
  const transposed = transposeAt(point, shapes, rule, cotangents)
  if (E.isRight(transposed)) return transposed.right
  const { variables, remedy } = kinds[kind]
  const expected = `a rule that is linear in the ${variables}, so that it has a transpose`
  const { found } = transposed.left
  throw new DerivativeError({ operation, operand: kind, expected, found: `${found} ${variables}`, remedy }, [operation])
}
