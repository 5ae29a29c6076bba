import { graphOf, placeholder, topologicalOrder } from '@tabula/tensor'
import type { AnyNode, Graph, Tensor } from '@tabula/tensor'
import { substitute } from './substitute.js'

/** A closed graph over the variables and, as further inputs, every tensor that it uses but that does not rest on them. */
export const close = (
  variables: readonly Tensor[],
  outputs: readonly Tensor[]
): { readonly graph: Graph; readonly captured: readonly Tensor[] } => {
  const dependent = new Set(variables.map((variable) => variable.node))
  const order = topologicalOrder(outputs)
  for (const node of order) if (node.inputs.some((input) => dependent.has(input.node))) dependent.add(node)
  const captured = new Map<AnyNode, Map<number, Tensor>>()
  const capture = (tensor: Tensor): void => {
    if (dependent.has(tensor.node) || tensor.node.primitive === 'constant' || tensor.node.primitive === 'iota') return
    const ofNode = captured.get(tensor.node) ?? new Map<number, Tensor>()
    captured.set(tensor.node, ofNode.set(tensor.index, tensor))
  }
  order.filter((node) => dependent.has(node)).forEach((node) => node.inputs.forEach(capture))
  outputs.forEach(capture)
  const tensors = [...captured.values()].flatMap((ofNode) => [...ofNode.values()])
  const parameters = tensors.map((tensor, index) => placeholder(`captured ${index}`, tensor))
  return { graph: graphOf([...variables, ...parameters], replaceCaptured(outputs, tensors, parameters)), captured: tensors }
}

/** `outputs` with tensors replaced that may be any outputs of any nodes. */
const replaceCaptured = (
  outputs: readonly Tensor[],
  captured: readonly Tensor[],
  parameters: readonly Tensor[]
): readonly Tensor[] => {
  const replacements = new Map<AnyNode, readonly Tensor[]>()
  captured.forEach((tensor, index) => {
    const parameter = parameters[index]
    const ofNode = [...(replacements.get(tensor.node) ?? [])]
    if (parameter !== undefined) ofNode[tensor.index] = parameter
    replacements.set(tensor.node, ofNode)
  })
  return substitute(outputs, replacements)
}
