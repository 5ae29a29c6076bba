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
  const state = new Set<AnyNode>()
  const stack: { node: AnyNode; next: number }[] = []
  const visit = (node: AnyNode): void => {
    if (state.has(node)) return
    state.add(node)
    stack.push({ node, next: 0 })
  }
  for (const output of outputs) {
    visit(output.node)
    for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
      const operand = top.node.inputs[top.next]
      if (operand === undefined) {
        order.push(top.node)
        stack.pop()
      } else {
        top.next++
        visit(operand.node)
      }
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
