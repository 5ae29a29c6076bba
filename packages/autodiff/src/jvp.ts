import { replaceTensors } from '@tabula/tensor'
import type { Tangent } from './jvp/rule.js'
import { move, tangentTree } from './moved.js'
import type { TangentsOf } from './moved.js'
import { replacementsOf, substitute, substituteDefined } from './substitute.js'
import { cotangentLeaves, differentiableLeaves } from './tree.js'
import type { CotangentsOf } from './tree.js'

/** A direction in which a tree of parameters moves: the same tree, in which `null` is zero. */
export type DirectionOf<P> = CotangentsOf<P>

/** A function's result and its derivative along a direction. */
export interface Pushed<R> {
  readonly value: R
  /** Of the result's structure: zeros where nothing moves, `null` for integers and truth values. */
  readonly tangent: TangentsOf<R>
}

/**
 * The value of f and its derivative along a direction (Jacobian–vector product), with respect to the leaves of its first argument.
 * Further arguments are constants. f is called once; the cost is a small multiple of f's, however many the parameters.
 *
 * Throws `DtypeError` at leaves that are not `f32`; `TreeError`, `ShapeError` or `DtypeError` at tangents that do not fit their
 * leaves; `TreeError` where f's result holds something else than tensors; `DerivativeError` where a result rests on what moves, but on
 * no way that has a derivative.
 */
export const jvp = <P, Rest extends readonly unknown[], R>(
  f: (parameters: P, ...rest: Rest) => R,
  parameters: P,
  tangents: NoInfer<P> | DirectionOf<P>,
  ...rest: Rest
): Pushed<R> => {
  const { result, value, tangents: found } = push('jvp', (variables: P) => f(variables, ...rest), parameters, tangents)
  return { value, tangent: tangentTree(result, found) }
}

/** `jvp` under the name of the public function that was called, with the tangents of the result's tensors in order. */
export const push = <P, R>(
  operation: string,
  f: (parameters: P) => R,
  parameters: P,
  given: unknown
): { readonly result: R; readonly value: R; readonly tangents: readonly Tangent[] } => {
  const leaves = differentiableLeaves(operation, parameters)
  const directions = cotangentLeaves(operation, parameters, given, 'tangents')
  const { result, outputs, tangents, variables, seeds } = move(operation, f, parameters, leaves, (index) => directions[index] !== undefined)
  const replacements = replacementsOf([...variables, ...seeds], [...leaves.map(({ tensor }) => tensor), ...directions])
  return {
    result,
    value: replaceTensors(result, substitute(outputs, replacements)),
    tangents: substituteDefined(tangents, replacements)
  }
}
