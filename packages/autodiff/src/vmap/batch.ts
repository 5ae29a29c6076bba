import { outputOf, topologicalOrder } from '@tabula/tensor'
import type { AnyNode, Node, PrimitiveName, Tensor } from '@tabula/tensor'
import { zerosLike } from '../expression.js'
import { allBatched } from './axes.js'
import { batchingRules } from './index.js'
import type { Batch, BatchingRule, BatchThrough } from './rule.js'

const ruleOf = <P extends PrimitiveName>(node: Node<P>): BatchingRule<P> => batchingRules[node.primitive]

/** The node on operands for the batch, by its rule; as it is where no operand is batched; empty where there are no examples. */
const batchNode = <P extends PrimitiveName>(node: Node<P>, { tensors, batched }: Batch, size: number): Batch => {
  const rule = ruleOf(node)
  if (typeof rule === 'string' || !batched.includes(true)) {
    // The same primitive and attributes on operands of the same shapes and types, hence a member of the union.
    const anew = { ...node, inputs: tensors } as unknown as AnyNode
    return { tensors: node.outputs.map((_, index) => outputOf(anew, index)), batched: node.outputs.map(() => false) }
  }
  if (size === 0) return allBatched(node.outputs.map(({ shape, dtype }) => zerosLike({ shape: [0, ...shape], dtype })))
  return rule({ attributes: node.attributes, inputs: tensors, batched, size, batch })
}

/**
 * Vectorization. One pass in topological order over the nodes that rest on `inputs`, placeholders: iterative, linear in their number.
 */
export const batch: BatchThrough = (outputs, inputs, values, size) => {
  const found = new Map<AnyNode, Batch>()
  inputs.forEach(({ node }, index) => {
    found.set(node, { tensors: values.tensors.slice(index, index + 1), batched: values.batched.slice(index, index + 1) })
  })
  const of = (all: readonly Tensor[]): Batch => ({
    tensors: all.map((tensor) => found.get(tensor.node)?.tensors[tensor.index] ?? tensor),
    batched: all.map(({ node, index }) => found.get(node)?.batched[index] === true)
  })
  for (const node of topologicalOrder(outputs)) {
    if (found.has(node) || !node.inputs.some((input) => found.has(input.node))) continue
    found.set(node, batchNode<PrimitiveName>(node, of(node.inputs), size))
  }
  return of(outputs)
}
