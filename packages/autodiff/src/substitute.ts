import { outputOf, topologicalOrder } from '@tabula/tensor'
import type { AnyNode, Tensor } from '@tabula/tensor'
import { mapDefined } from './defined.js'

/** What stands for a node's outputs once placeholders have been replaced. */
export type Replacements = Map<AnyNode, readonly Tensor[]>

/** Replacements of placeholders, each of which has a node of its own; where either is `undefined`, nothing is replaced. */
export const replacementsOf = (
  placeholders: readonly (Tensor | undefined)[],
  values: readonly (Tensor | undefined)[]
): Replacements => {
  const replacements: Replacements = new Map()
  placeholders.forEach((placeholder, index) => {
    const value = values[index]
    if (placeholder !== undefined && value !== undefined) replacements.set(placeholder.node, [value])
  })
  return replacements
}

/**
 * The same expressions with placeholders replaced. Only nodes that rest on a replaced placeholder are made anew, each once:
 * `replacements` remembers them, so that a later call with the same map shares what this one made. Iterative and linear.
 */
export const substitute = (tensors: readonly Tensor[], replacements: Replacements): readonly Tensor[] => {
  const replaced = (tensor: Tensor): Tensor => replacements.get(tensor.node)?.[tensor.index] ?? tensor
  for (const node of topologicalOrder(tensors)) {
    if (replacements.has(node) || !node.inputs.some((input) => replacements.has(input.node))) continue
    // The same primitive and attributes on operands of the same shapes and types, hence the same member of the union.
    const anew = { ...node, inputs: node.inputs.map(replaced) } as AnyNode
    replacements.set(
      node,
      anew.outputs.map((_, index) => outputOf(anew, index))
    )
  }
  return tensors.map(replaced)
}

/** `substitute` in those that are defined. */
export const substituteDefined = (
  tensors: readonly (Tensor | undefined)[],
  replacements: Replacements
): readonly (Tensor | undefined)[] => mapDefined(tensors, (defined) => substitute(defined, replacements))
