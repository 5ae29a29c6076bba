import { outputOf } from '../node.js'
import type { AnyNode, Tensor } from '../node.js'
import type { Graph } from './graph.js'
import { graphOf } from './graph.js'
import { withNeededLoops } from './loops.js'
import { simplerOperands, simplerOutput } from './rules.js'
import { numbering, structuralKey } from './structural-key.js'

/** The same primitive and attributes on other operands of the same shapes and types. */
const withInputs = (node: AnyNode, inputs: readonly Tensor[]): AnyNode => {
  if (inputs.every((input, index) => input === node.inputs[index])) return node
  // Same primitive, attributes and outputs, hence the same member of the union.
  return { ...node, inputs } as AnyNode
}

/** One rewriting of a program: what each node of the old one has become. */
interface Rewriting {
  readonly rewrite: (nodes: readonly AnyNode[], known: Map<AnyNode, readonly Tensor[]>) => void
}

const replaced = (tensor: Tensor, known: ReadonlyMap<AnyNode, readonly Tensor[]>): Tensor => known.get(tensor.node)?.[tensor.index] ?? tensor

const rewriting = (): Rewriting => {
  const numbers = numbering()
  const interned = new Map<string, readonly Tensor[]>()
  const sub = new Map<Graph, Graph>()
  const simplified = (graph: Graph): Graph => {
    const found = sub.get(graph) ?? simplify(graph)
    sub.set(graph, found)
    return found
  }
  /** The node with its branches, or its body, simplified; a call is inlined instead. */
  const withSimpler = (node: AnyNode): AnyNode => {
    if (node.primitive === 'cond') return { ...node, attributes: { branches: node.attributes.branches.map(simplified) } }
    if (node.primitive === 'scan') return { ...node, attributes: { ...node.attributes, body: simplified(node.attributes.body) } }
    return node
  }
  const intern = (node: AnyNode): readonly Tensor[] => {
    const key = structuralKey(node, numbers)
    const outputs = interned.get(key) ?? node.outputs.map((_, index) => outputOf(node, index))
    interned.set(key, outputs)
    return outputs
  }
  /** Nodes of the new program. A simpler expression is one of them, or a new node on operands that are. */
  const settled = new Set<AnyNode>()
  const settle = (node: AnyNode): readonly Tensor[] => {
    const inputs = simplerOperands(node)
    const lighter = inputs === undefined ? node : withInputs(node, inputs)
    const simpler = simplerOutput(lighter)
    if (simpler === undefined) return intern(lighter)
    return settled.has(simpler.node) ? [simpler] : settle(simpler.node)
  }
  const rewrite = (nodes: readonly AnyNode[], known: Map<AnyNode, readonly Tensor[]>): void => {
    known.forEach((outputs) => outputs.forEach((output) => settled.add(output.node)))
    for (const node of nodes) {
      if (known.has(node)) continue
      const inputs = node.inputs.map((input) => replaced(input, known))
      if (node.primitive === 'call') {
        const { graph } = node.attributes
        const inner = new Map<AnyNode, readonly Tensor[]>(graph.inputs.map((parameter, index) => [parameter.node, [inputs[index] ?? parameter]]))
        rewrite(graph.nodes, inner)
        known.set(node, graph.outputs.map((output) => replaced(output, inner)))
        continue
      }
      const current = withInputs(withSimpler(node), inputs)
      const outputs = settle(current)
      outputs.forEach((output) => settled.add(output.node))
      known.set(node, outputs)
    }
  }
  return { rewrite }
}

/**
 * The same program with its calls inlined, equal expressions merged (but for those behind different barriers), identities
 * removed, and what no output needs left out, within loops too. Placeholders stay, in order.
 */
export const simplify = (graph: Graph): Graph => {
  const known = new Map<AnyNode, readonly Tensor[]>(graph.inputs.map((input) => [input.node, [input]]))
  rewriting().rewrite(graph.nodes, known)
  return withNeededLoops(graphOf(graph.inputs, graph.outputs.map((output) => replaced(output, known))))
}
