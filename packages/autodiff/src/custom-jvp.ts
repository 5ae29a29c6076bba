import { bindAll, graphOf, isTensor, placeholder, replaceTensors, tensorsOf } from '@tabula/tensor'
import type { CustomJvp, Tensor } from '@tabula/tensor'
import type { Tangent } from './jvp/rule.js'
import { cotangentsByTranspose } from './transpose/transpose-rule.js'
import { cotangentLeaves } from './tree.js'
import type { CotangentsOf } from './tree.js'

/** A rule's answer: the tangent of the result, of its structure where it is a tree; `undefined` or `null` for zero. */
export type ResultTangents<R> = (R extends Tensor ? Tensor | null : CotangentsOf<R>) | undefined

/**
 * From operands, results and the operands' tangents (zeros where there are none) to the results' tangents. Linear in the tangents; it
 * uses nothing but its arguments and constants.
 */
export type ForwardRule<A extends readonly unknown[], R> = (operands: A, results: R, tangents: A) => ResultTangents<R>

/** The derivative that a function brings along, in forward mode. */
export interface CustomForwardRule<A extends readonly unknown[], R> {
  /** Names the call in graphs and messages. */
  readonly name: string
  readonly jvp: ForwardRule<A, R>
}

/** A forward rule as a call holds it. */
export const forwardRule =
  <A extends readonly unknown[], R>(name: string, jvp: ForwardRule<A, R>, operands: A, result: R): CustomJvp =>
  (actual, outputs, tangents) => {
    // The call has f's operands and results, in order.
    const answer: unknown = jvp(replaceTensors(operands, actual), replaceTensors(result, outputs), replaceTensors(operands, tangents))
    return resultTangents(name, result, answer)
  }

/** The tangents of a result's tensors, in order. */
const resultTangents = (name: string, result: unknown, answer: unknown): readonly Tangent[] => {
  if (answer === undefined) return tensorsOf(result).map(() => undefined)
  // What a tensor's tangent must be is checked where the call is differentiated.
  if (isTensor(result) && isTensor(answer)) return [answer]
  return cotangentLeaves(`${name}: jvp`, result, answer, 'tangents')
}

/**
 * f with a derivative of its own, given in forward mode. Reverse mode transposes the rule, which it requires to be linear in the
 * tangents as far as its program shows: sums, products with what does not depend on them, changes of shape, indexing. f takes tensors
 * or trees of tensors and answers a tensor or a tree of tensors; it is traced once for each application, into a closed graph.
 * Derivatives of higher order differentiate the rule.
 *
 * Throws `ReferenceError` where f uses an outer placeholder that is not among its operands: pass it as one. A rule that answers tangents
 * of wrong structure, shape or type throws `TreeError`, `ShapeError` or `DtypeError` under the call's name when it is used; one that is
 * not linear throws `DerivativeError` in reverse mode.
 */
export const customJvp =
  <A extends readonly unknown[], R>(f: (...operands: A) => R, { name, jvp }: CustomForwardRule<A, R>) =>
  (...operands: A): R => {
    const tensors = tensorsOf(operands)
    const inputs = tensors.map((operand, index) => placeholder(`operand ${index}`, operand))
    const result = f(...replaceTensors(operands, inputs))
    const rule = forwardRule(name, jvp, operands, result)
    const attributes = {
      name,
      graph: graphOf(inputs, tensorsOf(result)),
      jvp: rule,
      vjp: (x: readonly Tensor[], y: readonly Tensor[], c: readonly Tensor[]) => cotangentsByTranspose({ name, rule }, x, y, c)
    }
    return replaceTensors(result, bindAll('call', attributes, ...tensors))
  }
