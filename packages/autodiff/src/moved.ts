import { isTensor, mapLeaves, placeholder, replaceTensors } from '@tabula/tensor'
import type { Shape, Tensor } from '@tabula/tensor'
import { requireDerivatives } from './blocked-ways.js'
import { zerosLike } from './expression.js'
import { pushForward } from './forward.js'
import type { Tangent } from './jvp/rule.js'
import { resultLeaves } from './tree.js'
import type { NamedLeaf } from './tree.js'

/** The derivative of a result along a direction: the same tree, zeros included, with `null` for integers and truth values. */
export type TangentsOf<R> =
  R extends Tensor<Shape, infer D>
    ? [D] extends ['f32']
      ? R
      : 'f32' extends D
        ? R | null
        : null
    : R extends null | undefined
      ? R
      : R extends object
        ? { readonly [K in keyof R]: TangentsOf<R[K]> }
        : R

/** A function applied to placeholders and differentiated in terms of them. */
export interface Moved<R> {
  readonly result: R
  /** The result's tensors. */
  readonly outputs: readonly Tensor[]
  /** One for each output; `undefined` for what does not move. */
  readonly tangents: readonly Tangent[]
  /** What stands for the leaves. */
  readonly variables: readonly Tensor[]
  /** What stands for the leaves' tangents; `undefined` for those that do not move. */
  readonly seeds: readonly Tangent[]
}

/**
 * Applies f to placeholders and moves those for which `moves` holds, so that each leaf is a variable of its own, and the cost is f's
 * size whatever the leaves and their tangents rest on. Throws `TreeError` where f's result holds something else than tensors, and
 * `DerivativeError`.
 */
export const move = <P, R>(
  operation: string,
  f: (parameters: P) => R,
  parameters: P,
  leaves: readonly NamedLeaf[],
  moves: (index: number) => boolean
): Moved<R> => {
  const variables = leaves.map(({ name, tensor }) => ({ name, tensor: placeholder(name, tensor) }))
  const placeholders = variables.map(({ tensor }) => tensor)
  const seeds = variables.map(({ name, tensor }, index) => (moves(index) ? placeholder(`tangent of ${name}`, tensor) : undefined))
  const result = f(replaceTensors(parameters, placeholders))
  const results = resultLeaves(operation, result)
  const outputs = results.map(({ tensor }) => tensor)
  const tangents = pushForward(outputs, placeholders, seeds)
  const moving = variables.filter((_, index) => moves(index))
  const numeric = results.flatMap((leaf, index) => (leaf.tensor.dtype === 'f32' ? [{ leaf, tangent: tangents[index] }] : []))
  // Neither something that moves and reaches no result, nor a result that nothing reaches, is a zero that somebody asked for.
  requireDerivatives(
    operation,
    numeric.map(({ leaf }) => leaf),
    moving
  )
  for (const { leaf, tangent } of numeric) if (tangent === undefined) requireDerivatives(operation, [leaf], moving)
  return { result, outputs, tangents, variables: placeholders, seeds }
}

/** A tree of tangents in the structure of a result: zeros where nothing moves, `null` for integers and truth values. */
export const tangentTree = <R>(result: R, tangents: readonly Tangent[]): TangentsOf<R> => {
  let next = 0
  // Each floating-point leaf is replaced by a tensor of its type and shape, each other one by null, as TangentsOf says.
  return mapLeaves(result, isTensor, (leaf) => {
    const tangent = tangents[next++]
    return leaf.dtype === 'f32' ? (tangent ?? zerosLike(leaf)) : null
  }) as TangentsOf<R>
}
