import { replaceTensors } from '@tabula/tensor'
import { zerosLike } from './expression.js'
import type { DirectionOf } from './jvp.js'
import { move, tangentTree } from './moved.js'
import type { TangentsOf } from './moved.js'
import { replacementsOf, substitute, substituteDefined } from './substitute.js'
import { cotangentLeaves, differentiableLeaves } from './tree.js'

/** A function's result and its derivative there. */
export interface Linearized<P, R> {
  readonly value: R
  /**
   * From a direction of the parameters to that of the result: zeros where nothing moves, `null` for integers and truth values.
   * Linear; may be applied any number of times. Throws `TreeError`, `ShapeError` or `DtypeError` naming the leaf.
   */
  readonly pushforward: (tangents: P | DirectionOf<P>) => TangentsOf<R>
}

/**
 * The value of f and its linear approximation, with respect to the leaves of the first argument: `jvp` at one point along any number
 * of directions, which share all that does not depend on the direction. Further arguments are constants. f is called and
 * differentiated once. Throws as `jvp`.
 */
export const linearize =
  <P, Rest extends readonly unknown[], R>(f: (parameters: P, ...rest: Rest) => R) =>
  (parameters: P, ...rest: Rest): Linearized<P, R> => {
    const leaves = differentiableLeaves('linearize', parameters)
    const moved = move('linearize', (variables: P) => f(variables, ...rest), parameters, leaves, () => true)
    const { result, outputs, variables, seeds } = moved
    const replacements = replacementsOf(
      variables,
      leaves.map(({ tensor }) => tensor)
    )
    const value = replaceTensors(result, substitute(outputs, replacements))
    const tangents = substituteDefined(moved.tangents, replacements)
    const pushforward = (given: P | DirectionOf<P>): TangentsOf<R> => {
      const directions = cotangentLeaves('linearize', parameters, given, 'tangents')
      const along = replacementsOf(
        seeds,
        leaves.map(({ tensor }, index) => directions[index] ?? zerosLike(tensor))
      )
      return tangentTree(result, substituteDefined(tangents, along))
    }
    return { value, pushforward }
  }
