import { DtypeError, sameShape, ShapeError, showShape } from '@tabula/tensor'
import type { CustomJvp, CustomVjp, Tensor } from '@tabula/tensor'
import { zerosLike } from './expression.js'
import type { Tangent } from './jvp/rule.js'
import type { Cotangent } from './vjp/rule.js'

/** A rule's answers, one for each of `tensors`. Throws `ShapeError` or `DtypeError` under the call's name. */
const fitting = (
  operation: string,
  rule: 'vjp' | 'jvp',
  tensors: readonly Tensor[],
  answers: readonly (Tensor | undefined)[]
): readonly (Tensor | undefined)[] => {
  const [one, each] = rule === 'vjp' ? ['cotangent', 'operand'] : ['tangent', 'result']
  if (answers.length !== tensors.length) {
    const expected = `one ${one} for each of ${tensors.length} ${each}s`
    throw new ShapeError({ operation, operand: rule, expected, found: String(answers.length) })
  }
  return tensors.map((tensor, index) => {
    const answer = answers[index]
    const operand = `${rule}, ${one} of ${each} ${index}`
    if (answer === undefined || tensor.dtype !== 'f32') return undefined
    if (!sameShape(answer.shape, tensor.shape)) {
      throw new ShapeError({ operation, operand, expected: showShape(tensor.shape), found: showShape(answer.shape) })
    }
    if (answer.dtype !== 'f32') throw new DtypeError({ operation, operand, expected: 'f32', found: answer.dtype })
    return answer
  })
}

/** A derivative rule and the name of the call that brings it. */
export interface Rule<R> {
  readonly name: string
  readonly rule: R
}

/**
 * The cotangents of a call's operands by the rule it brings, which is given zeros for those missing. Throws `ShapeError` or
 * `DtypeError` under the call's name where the answers do not fit.
 */
export const cotangentsByRule = (
  { name, rule }: Rule<CustomVjp>,
  inputs: readonly Tensor[],
  outputs: readonly Tensor[],
  cotangents: readonly Cotangent[]
): readonly Cotangent[] => {
  const given = outputs.map((output, index) => cotangents[index] ?? zerosLike(output))
  return fitting(name, 'vjp', inputs, rule(inputs, outputs, given))
}

/** The tangents of a call's results by the rule it brings, which is given zeros for those missing. Throws as `cotangentsByRule`. */
export const tangentsByRule = (
  { name, rule }: Rule<CustomJvp>,
  inputs: readonly Tensor[],
  outputs: readonly Tensor[],
  tangents: readonly Tangent[]
): readonly Tangent[] => {
  const given = inputs.map((input, index) => tangents[index] ?? zerosLike(input))
  return fitting(name, 'jvp', outputs, rule(inputs, outputs, given))
}
