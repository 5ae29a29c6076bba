import type { Graph } from '../../../graph/graph.js'
import { outputOf } from '../../../node.js'
import type { AnyNode, Tensor } from '../../../node.js'

/** A graph without calls, and without nodes whose outputs are their operands. */
export interface Flat {
  readonly nodes: readonly AnyNode[]
  readonly outputs: readonly Tensor[]
}

/** Inlines calls and drops what changes nothing at run time, in the order of the graph. */
export const flattened = (graph: Graph): Flat => {
  const nodes: AnyNode[] = []
  const within = ({ inputs, nodes: own, outputs }: Graph, parameters: readonly Tensor[]): readonly Tensor[] => {
    const known = new Map<AnyNode, readonly Tensor[]>()
    inputs.forEach(({ node }, index) => {
      const parameter = parameters[index]
      if (parameter !== undefined) known.set(node, [parameter])
    })
    const renamed = (tensor: Tensor): Tensor => known.get(tensor.node)?.[tensor.index] ?? tensor
    for (const node of own) {
      if (known.has(node)) continue
      const operands = node.inputs.map(renamed)
      if (node.primitive === 'call') known.set(node, within(node.attributes.graph, operands))
      else if (node.primitive === 'stopGradient' || node.primitive === 'barrier' || node.primitive === 'allReduce') known.set(node, operands.slice(0, node.outputs.length))
      else {
        // The same primitive and attributes on operands of the same shapes: the same member of the union.
        const copy = { ...node, inputs: operands } as AnyNode
        nodes.push(copy)
        known.set(node, copy.outputs.map((_, index) => outputOf(copy, index)))
      }
    }
    return outputs.map(renamed)
  }
  return { outputs: within(graph, graph.inputs), nodes }
}
