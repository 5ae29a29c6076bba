import { bindAll, isTensor, leavesOf, topologicalOrder } from '@tabula/tensor'
import type { AnyNode, Tensor } from '@tabula/tensor'

/** A number in a program, and the layer it belongs to. */
export interface LayerOutput {
  readonly layer: string
  readonly output: Tensor
}

/** The layer that a parameter at a path belongs to. */
export const layerOf = (path: string): string => path.replace(/\.[^.]+$/, '')

/** Ways to look at a parameter, or at rows of it, that compute nothing. */
const views: ReadonlySet<string> = new Set<AnyNode['primitive']>(['reshape', 'transpose', 'broadcastTo', 'slice', 'gather', 'cast', 'stopGradient', 'barrier'])

interface Labelled {
  readonly outputs: readonly Tensor[]
  /** Path of the parameter that the outputs are a view of. */
  readonly path: string | undefined
}

/**
 * What each layer computes directly from its parameters on the way to `results`, operands first: whatever is not finite there, without
 * anything before it being so, arises there. Only these numbers are listed, as others may be infinite on purpose (scores of boxes that do
 * not count). Sub-graphs are opened; of the branches of a condition the last is taken, which computes a loss on all rows.
 */
export const layerOutputs = (results: readonly Tensor[], parameters: unknown): readonly LayerOutput[] => {
  const found: LayerOutput[] = []
  const paths = new Map(leavesOf(parameters, isTensor).map(({ path, leaf }) => [leaf.node, path]))
  const walk = (nodes: readonly AnyNode[], given: ReadonlyMap<AnyNode, Labelled>): ReadonlyMap<AnyNode, Labelled> => {
    const known = new Map(given)
    const at = ({ node, index }: Tensor): Tensor | undefined => known.get(node)?.outputs[index]
    const inside = (graph: { readonly inputs: readonly Tensor[]; readonly outputs: readonly Tensor[]; readonly nodes: readonly AnyNode[] }, operands: readonly Tensor[], labels: readonly (string | undefined)[]): readonly Tensor[] => {
      const bound = new Map(graph.inputs.map((input, index): [AnyNode, Labelled] => [input.node, { outputs: operands.slice(index, index + 1), path: labels[index] }]))
      const inner = walk(graph.nodes, bound)
      return graph.outputs.flatMap(({ node, index }) => inner.get(node)?.outputs.slice(index, index + 1) ?? [])
    }
    for (const node of nodes) {
      if (known.has(node)) continue
      const operands = node.inputs.flatMap((input) => at(input) ?? [])
      const labels = node.inputs.map((input) => known.get(input.node)?.path)
      const branch = node.primitive === 'cond' ? node.attributes.branches.at(-1) : undefined
      if (node.primitive === 'input') known.set(node, { outputs: [{ kind: 'tensor', node, index: 0, ...node.attributes }], path: paths.get(node) })
      else if (node.primitive === 'call') known.set(node, { outputs: inside(node.attributes.graph, operands, labels), path: undefined })
      else if (branch !== undefined) known.set(node, { outputs: inside(branch, operands.slice(1), labels.slice(1)), path: undefined })
      else {
        const outputs = bindAll(node.primitive, node.attributes, ...operands)
        const path = labels.find((label) => label !== undefined)
        const isView = views.has(node.primitive)
        known.set(node, { outputs, path: isView ? path : undefined })
        if (!isView && path !== undefined) found.push(...outputs.filter(({ dtype }) => dtype === 'f32').map((output) => ({ layer: layerOf(path), output })))
      }
    }
    return known
  }
  walk(topologicalOrder(results), new Map())
  return found
}
