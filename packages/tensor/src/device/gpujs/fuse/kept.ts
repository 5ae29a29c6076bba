import type { AnyNode, Tensor } from '../../../node.js'
import { sizeOf } from '../../../shape.js'
import { scalarFunctionOf } from './term.js'

/** Nodes that read their operands element by element, so that these can be computed in place. */
const foldsOperands = ({ primitive }: AnyNode): boolean => primitive === 'reduceSum' || primitive === 'reduceMax' || primitive === 'matmul' || primitive === 'windowSum'

/** The nodes, of those that could be computed in place, that are computed once and kept. */
export const arraysOf = (nodes: readonly AnyNode[], outputs: readonly Tensor[], inline: (node: AnyNode) => boolean): ReadonlySet<AnyNode> => {
  const uses = new Map<AnyNode, { count: number; wider: boolean }>()
  const chosen = new Set<AnyNode>()
  for (const node of nodes) {
    for (const { node: operand, shape } of node.inputs) {
      const use = uses.get(operand) ?? { count: 0, wider: false }
      use.count++
      const [result] = node.outputs
      if (result !== undefined && inline(node) && sizeOf(result.shape) > 2 * sizeOf(shape) && node.primitive !== 'pad' && node.primitive !== 'concatenate') use.wider = true
      uses.set(operand, use)
    }
    if (!inline(node) && !foldsOperands(node)) node.inputs.forEach(({ node: operand }) => chosen.add(operand))
    // The index of a gather is read for each of the elements that it selects.
    if (node.primitive === 'gather') node.inputs.slice(1).forEach(({ node: operand }) => chosen.add(operand))
  }
  outputs.forEach(({ node }) => chosen.add(node))
  const costs = new Map<AnyNode, number>()
  const sizes = new Map<AnyNode, number>()
  for (const node of nodes) {
    if (!inline(node)) continue
    const inner = node.inputs.filter(({ node: operand }) => inline(operand) && !chosen.has(operand)).map(({ node: operand }) => operand)
    const cost = (scalarFunctionOf(node)?.cost ?? 0) + inner.reduce((total, operand) => total + (costs.get(operand) ?? 0), 0) + (node.primitive === 'gather' || node.primitive === 'concatenate' || node.primitive === 'pad' ? 2 : 0)
    const size = 1 + inner.reduce((total, operand) => total + (sizes.get(operand) ?? 0), 0)
    costs.set(node, cost)
    sizes.set(node, size)
    const { count = 0, wider = false } = uses.get(node) ?? {}
    if (size > 40 || (count > 1 && cost > 1) || (wider && cost > 1)) {
      chosen.add(node)
      costs.set(node, 0)
      sizes.set(node, 1)
    }
  }
  return chosen
}
