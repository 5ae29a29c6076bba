import { DerivativeError } from '@tabula/tensor'
import type { CustomJvp, CustomVjp, Tensor } from '@tabula/tensor'
import { either as E } from 'fp-ts'
import { cotangentsByRule, tangentsByRule } from '../call-rules.js'
import type { Rule } from '../call-rules.js'
import type { Tangent } from '../jvp/rule.js'
import type { Cotangent } from '../vjp/rule.js'
import { isZero } from './linear-part.js'
import { transposeAt } from './transpose.js'

type Some = readonly (Tensor | undefined)[]
type AnyRule = (inputs: readonly Tensor[], outputs: readonly Tensor[], given: Some) => Some

/** What each mode's rule maps, and what to give instead where it cannot be transposed. */
const kinds = {
  vjp: { variables: 'cotangents', remedy: 'give customVjp a jvp beside its vjp' },
  jvp: { variables: 'tangents', remedy: 'write the derivative with customVjp, and a jvp beside its vjp' }
} as const

/**
 * A rule's transpose at the operands and results of a call: from what belongs to the rule's answers to what belongs to `like`, the
 * tensors whose derivatives the rule is given. Throws `DerivativeError` under the call's name where the rule is not linear, as far as
 * its program shows.
 */
const transposed = (
  operation: string,
  kind: 'vjp' | 'jvp',
  rule: AnyRule,
  inputs: readonly Tensor[],
  outputs: readonly Tensor[],
  like: readonly Tensor[],
  given: Some
): Some => {
  const isVariable = ({ dtype }: Tensor): boolean => dtype === 'f32'
  const spread = (found: Some): Some => {
    let next = 0
    return like.map((tensor) => (isVariable(tensor) ? found[next++] : undefined))
  }
  const answers = transposeAt(
    [...inputs, ...outputs],
    like.filter(isVariable),
    (point, variables) => rule(point.slice(0, inputs.length), point.slice(inputs.length), spread(variables)),
    given
  )
  if (E.isRight(answers)) return spread(answers.right)
  const { variables, remedy } = kinds[kind]
  const expected = `a rule that is linear in the ${variables}, so that it has a transpose`
  const found = `${answers.left.found} ${variables}`
  throw new DerivativeError({ operation, operand: kind, expected, found, remedy }, [operation])
}

/** The tangents of a call's results by the transpose of its reverse-mode rule, which is itself the transpose of the derivative. */
export const tangentsByTranspose = (
  rule: Rule<CustomVjp>,
  inputs: readonly Tensor[],
  outputs: readonly Tensor[],
  tangents: readonly Tangent[]
): readonly Tangent[] => transposed(rule.name, 'vjp', (x, y, c) => cotangentsByRule(rule, x, y, c), inputs, outputs, outputs, tangents)

/** The cotangents of a call's operands by the transpose of its forward-mode rule. Those that are known to be zero cost nothing. */
export const cotangentsByTranspose = (
  rule: Rule<CustomJvp>,
  inputs: readonly Tensor[],
  outputs: readonly Tensor[],
  cotangents: readonly Tensor[]
): readonly Cotangent[] => {
  const given = cotangents.map((cotangent) => (isZero(cotangent) ? undefined : cotangent))
  return transposed(rule.name, 'jvp', (x, y, t) => tangentsByRule(rule, x, y, t), inputs, outputs, inputs, given)
}
