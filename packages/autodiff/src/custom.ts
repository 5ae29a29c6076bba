import { bindAll, graphOf, isTensor, placeholder, replaceTensors, ShapeError, tensorsOf } from '@tabula/tensor'
import type { CustomVjp, Tensor } from '@tabula/tensor'
import { forwardRule } from './custom-jvp.js'
import type { ForwardRule } from './custom-jvp.js'
import { cotangentLeaves } from './tree.js'
import type { CotangentsOf } from './tree.js'
import type { Cotangent } from './vjp/rule.js'

/** A rule's answer: a cotangent for each operand, of its structure where it is a tree; `undefined` (in a tree: `null`) for zero. */
export type OperandCotangents<A extends readonly unknown[]> = {
  readonly [K in keyof A]: (A[K] extends Tensor ? Tensor : CotangentsOf<A[K]>) | undefined
}

/** The derivative that a function brings along. */
export interface CustomRule<A extends readonly unknown[], R> {
  /** Names the call in graphs and messages. */
  readonly name: string
  /**
   * From operands, results and the results' cotangents (zeros where there are none) to the operands' cotangents. It uses nothing
   * but its arguments and constants.
   */
  readonly vjp: (operands: A, results: R, cotangents: R) => OperandCotangents<A>
  /** The same derivative in forward mode. Where it is missing, forward mode transposes `vjp`, if that is linear in the cotangents. */
  readonly jvp?: ForwardRule<A, R>
}

/** The cotangents of an operand's tensors, in order. */
const flattened = (name: string, index: number, operand: unknown, answer: unknown): readonly Cotangent[] => {
  if (answer === undefined) return tensorsOf(operand).map(() => undefined)
  // What a tensor's cotangent must be is checked where the call is differentiated.
  if (isTensor(operand) && isTensor(answer)) return [answer]
  return cotangentLeaves(`${name}: vjp, operand ${index}`, operand, answer)
}

/**
 * f with a derivative of its own. f takes tensors or trees of tensors and answers a tensor or a tree of tensors; it is traced once
 * for each application, into a closed graph. Derivatives of higher order differentiate the rule.
 *
 * Throws `ReferenceError` where f uses an outer placeholder that is not among its operands: pass it as one. A rule that answers
 * cotangents of wrong structure, number, shape or type throws `TreeError`, `ShapeError` or `DtypeError` under the call's name when
 * it is used. Forward mode throws `DerivativeError` at a rule that has no `jvp` beside it and is not linear in the cotangents, as far
 * as its program shows.
 */
export const customVjp =
  <A extends readonly unknown[], R>(f: (...operands: A) => R, { name, vjp, jvp }: CustomRule<A, R>) =>
  (...operands: A): R => {
    const tensors = tensorsOf(operands)
    const inputs = tensors.map((operand, index) => placeholder(`operand ${index}`, operand))
    const result = f(...replaceTensors(operands, inputs))
    const rule: CustomVjp = (actual, outputs, cotangents) => {
      // The call has f's operands and results, in order.
      const answers: readonly unknown[] = vjp(replaceTensors(operands, actual), replaceTensors(result, outputs), replaceTensors(result, cotangents))
      if (answers.length !== operands.length) {
        throw new ShapeError({ operation: name, operand: 'vjp', expected: `one cotangent for each of ${operands.length} operands`, found: String(answers.length) })
      }
      return operands.flatMap((operand, index) => flattened(name, index, operand, answers[index]))
    }
    const forward = jvp === undefined ? {} : { jvp: forwardRule(name, jvp, operands, result) }
    return replaceTensors(result, bindAll('call', { name, graph: graphOf(inputs, tensorsOf(result)), vjp: rule, ...forward }, ...tensors))
  }
