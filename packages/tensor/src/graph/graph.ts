import type { AnyNode, Tensor } from '../node.js'

/**
 * A closed program: placeholders, results, and every node between them in an order in which operands come first.
 * Sub-graphs of `call`, `cond` and `scan` are closed too: they use nothing but their own inputs.
 */
export interface Graph {
  readonly inputs: readonly Tensor[]
  readonly outputs: readonly Tensor[]
  readonly nodes: readonly AnyNode[]
}

/** The closed programs that a node holds: a call's, a conditional's branches, a loop's body; none for other primitives. */
export const subGraphsOf = (node: AnyNode): readonly Graph[] => {
  switch (node.primitive) {
    case 'call':
      return [node.attributes.graph]
    case 'cond':
      return node.attributes.branches
    case 'scan':
      return [node.attributes.body]
    default:
      return []
  }
}

/**
 * Every node that `outputs` rest on, operands first. Iterative, so that chains of any length fit.
 * The order is that of a depth-first walk and depends on the expressions alone.
 */
export const topologicalOrder = (outputs: readonly Tensor[]): readonly AnyNode[] => {
  const order: AnyNode[] = []
  const seen = new Set<AnyNode>()
  // The way down to the node that is visited, and for each node on it the operand that comes next.
  const way: AnyNode[] = []
  const next: number[] = []
  for (const output of outputs) {
    if (seen.has(output.node)) continue
    seen.add(output.node)
    way.push(output.node)
    next.push(0)
    for (let node = way.at(-1); node !== undefined; node = way.at(-1)) {
      const position = next.at(-1) ?? 0
      const operand = node.inputs[position]
      if (operand === undefined) {
        order.push(node)
        way.pop()
        next.pop()
        continue
      }
      next[next.length - 1] = position + 1
      if (seen.has(operand.node)) continue
      seen.add(operand.node)
      way.push(operand.node)
      next.push(0)
    }
  }
  return order
}

/**
 * The program that computes `outputs` from `inputs`. Placeholders that nothing uses stay inputs. Throws `ReferenceError` where `outputs` rest
 * on a placeholder that is not among `inputs`.
 */
export const graphOf = (inputs: readonly Tensor[], outputs: readonly Tensor[]): Graph => {
  const nodes = topologicalOrder(outputs)
  const known = new Set(inputs.map((input) => input.node))
  const used = new Set(nodes)
  const unused = inputs.map((input) => input.node).filter((node) => !used.has(node))
  for (const node of nodes) {
    if (node.primitive === 'input' && !known.has(node)) {
      throw new ReferenceError(`The program uses the placeholder "${node.attributes.name}", which is not among its inputs.`)
    }
  }
  return { inputs, outputs, nodes: [...unused, ...nodes] }
}
