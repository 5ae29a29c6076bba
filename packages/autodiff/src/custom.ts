import { bindAll, graphOf, placeholder, replaceTensors, tensorsOf } from '@tabula/tensor'
import type { CustomVjp, Tensor } from '@tabula/tensor'

/** A rule's answer: a cotangent for each operand, `undefined` for zero. */
export type OperandCotangents<A extends readonly Tensor[]> = { readonly [K in keyof A]: Tensor | undefined }

/** The derivative that a function brings along. */
export interface CustomRule<A extends readonly Tensor[], R> {
  /** Names the call in graphs and messages. */
  readonly name: string
  /**
   * From operands, results and the results' cotangents (zeros where there are none) to the operands' cotangents. It uses nothing
   * but its arguments and constants.
   */
  readonly vjp: (operands: A, results: R, cotangents: R) => OperandCotangents<A>
}

/**
 * f with a derivative of its own. f takes tensors and answers a tensor or a tree of tensors; it is traced once for each
 * application, into a closed graph. Derivatives of higher order differentiate the rule.
 *
 * Throws `ReferenceError` where f uses an outer placeholder that is not among its operands: pass it as one. A rule that answers
 * cotangents of wrong number, shape or type throws `ShapeError` or `DtypeError` under the call's name when it is used.
 */
export const customVjp =
  <A extends readonly Tensor[], R>(f: (...operands: A) => R, { name, vjp }: CustomRule<A, R>) =>
  (...operands: A): R => {
    const inputs = operands.map((operand, index) => placeholder(`operand ${index}`, operand))
    // Placeholders of the operands' shapes and types.
    const result = f(...(inputs as unknown as A))
    const rule: CustomVjp = (actual, outputs, cotangents) =>
      // The call has f's operands and results, in order.
      vjp(actual as unknown as A, replaceTensors(result, outputs), replaceTensors(result, cotangents))
    return replaceTensors(result, bindAll('call', { name, graph: graphOf(inputs, tensorsOf(result)), vjp: rule }, ...operands))
  }
