import { outputOf, placeholder, topologicalOrder } from '@tabula/tensor'
import type { AnyNode, Node, PrimitiveName, Tensor } from '@tabula/tensor'
import { add } from './expression.js'
import { replacementsOf, substituteDefined } from './substitute.js'
import { vjpRules } from './vjp/index.js'
import type { Application, Cotangent, PullBackGraph, VjpRule } from './vjp/rule.js'

const ruleOf = <P extends PrimitiveName>(node: Node<P>): VjpRule<P> => vjpRules[node.primitive]

/** Applies a node's rule. */
const pullBackNode = <P extends PrimitiveName>(
  node: Node<P>,
  application: Omit<Application<P>, 'attributes' | 'inputs'>
): readonly Cotangent[] => {
  const rule = ruleOf(node)
  return typeof rule === 'string' ? [] : rule({ ...application, attributes: node.attributes, inputs: node.inputs })
}

/** The nodes of `order` through which a derivative flows from `inputs`. */
const activeNodes = (order: readonly AnyNode[], inputs: readonly Tensor[]): ReadonlySet<AnyNode> => {
  const active = new Set(inputs.map((input) => input.node))
  for (const node of order) {
    if (typeof ruleOf<PrimitiveName>(node) !== 'string' && node.inputs.some((input) => flows(active, input))) active.add(node)
  }
  return active
}

const flows = (active: ReadonlySet<AnyNode>, { node, dtype }: Tensor): boolean => dtype === 'f32' && active.has(node)

/**
 * Reverse mode. From the cotangents of `outputs` (`undefined` is zero) to those of `inputs`, placeholders that `outputs` rest on.
 * One pass in reverse topological order over the nodes through which a derivative flows: iterative, linear in their number.
 * The answer is made of expressions over the same placeholders.
 */
export const pullBack = (
  outputs: readonly Tensor[],
  cotangents: readonly Cotangent[],
  inputs: readonly Tensor[]
): readonly Cotangent[] => {
  const order = topologicalOrder(outputs)
  const active = activeNodes(order, inputs)
  const boundary = new Set(inputs.map((input) => input.node))
  const found = new Map<AnyNode, Cotangent[]>()
  const accumulate = (tensor: Tensor, cotangent: Cotangent): void => {
    if (cotangent === undefined || !flows(active, tensor)) return
    const ofNode = found.get(tensor.node) ?? new Array<Cotangent>(tensor.node.outputs.length).fill(undefined)
    const before = ofNode[tensor.index]
    ofNode[tensor.index] = before === undefined ? cotangent : add(before, cotangent)
    found.set(tensor.node, ofNode)
  }
  outputs.forEach((output, index) => accumulate(output, cotangents[index]))
  for (let position = order.length - 1; position >= 0; position--) {
    const node = order[position]
    const ofNode = node === undefined || boundary.has(node) ? undefined : found.get(node)
    if (node === undefined || ofNode === undefined) continue
    found.delete(node)
    const answers = pullBackNode<PrimitiveName>(node, {
      outputs: node.outputs.map((_, index) => outputOf(node, index)),
      cotangents: ofNode,
      wanted: node.inputs.map((input) => flows(active, input)),
      pullBackGraph
    })
    node.inputs.forEach((input, index) => accumulate(input, answers[index]))
  }
  return inputs.map((input) => found.get(input.node)?.[input.index])
}

/**
 * Reverse mode through a closed graph applied to `inputs`. The graph is differentiated over its own placeholders and
 * placeholders for the cotangents, and the result applied, so that the cost is the graph's size whatever the operands rest on.
 */
export const pullBackGraph: PullBackGraph = (graph, inputs, cotangents, wanted) => {
  const seeds = cotangents.map((cotangent, index) =>
    cotangent === undefined ? undefined : placeholder(`cotangent ${index}`, cotangent)
  )
  const parameters = graph.inputs.filter((_, index) => wanted[index] === true)
  const answers = pullBack(graph.outputs, seeds, parameters)
  const results = substituteDefined(answers, replacementsOf([...graph.inputs, ...seeds], [...inputs, ...cotangents]))
  let parameter = 0
  return graph.inputs.map((_, index) => (wanted[index] === true ? results[parameter++] : undefined))
}
