import { outputOf, placeholder, topologicalOrder } from '@tabula/tensor'
import type { AnyNode, Node, PrimitiveName, Tensor } from '@tabula/tensor'
import { jvpRules } from './jvp/index.js'
import type { JvpApplication, JvpRule, PushForwardGraph, Tangent } from './jvp/rule.js'
import { replacementsOf, substituteDefined } from './substitute.js'

const ruleOf = <P extends PrimitiveName>(node: Node<P>): JvpRule<P> => jvpRules[node.primitive]

/** Applies a node's rule. */
const pushNode = <P extends PrimitiveName>(
  node: Node<P>,
  application: Pick<JvpApplication<P>, 'outputs' | 'tangents' | 'pushForwardGraph'>
): readonly Tangent[] => {
  const rule = ruleOf(node)
  return typeof rule === 'string' ? [] : rule({ ...application, attributes: node.attributes, inputs: node.inputs })
}

/**
 * Forward mode. From the tangents of `inputs`, placeholders that `outputs` rest on, to those of `outputs` (`undefined` is zero).
 * One pass in topological order over the nodes that move: iterative, linear in their number. The answer is made of expressions over
 * the same placeholders and the tangents.
 */
export const pushForward = (
  outputs: readonly Tensor[],
  inputs: readonly Tensor[],
  tangents: readonly Tangent[]
): readonly Tangent[] => {
  const found = new Map<AnyNode, readonly Tangent[]>()
  inputs.forEach(({ node, index }, position) => {
    const ofNode = [...(found.get(node) ?? node.outputs.map(() => undefined))]
    ofNode[index] = tangents[position]
    found.set(node, ofNode)
  })
  const tangentOf = ({ node, index, dtype }: Tensor): Tangent => (dtype === 'f32' ? found.get(node)?.[index] : undefined)
  for (const node of topologicalOrder(outputs)) {
    if (found.has(node)) continue
    const given = node.inputs.map(tangentOf)
    if (given.every((tangent) => tangent === undefined)) continue
    const answers = pushNode<PrimitiveName>(node, {
      outputs: node.outputs.map((_, index) => outputOf(node, index)),
      tangents: given,
      pushForwardGraph
    })
    if (answers.some((tangent) => tangent !== undefined)) found.set(node, answers)
  }
  return outputs.map(tangentOf)
}

/**
 * Forward mode through a closed graph applied to `inputs`. The graph is differentiated over its own placeholders and placeholders
 * for the tangents, and the result applied, so that the cost is the graph's size whatever the operands rest on.
 */
export const pushForwardGraph: PushForwardGraph = (graph, inputs, tangents) => {
  const seeds = tangents.map((tangent, index) =>
    tangent === undefined ? undefined : placeholder(`tangent ${index}`, tangent)
  )
  const answers = pushForward(graph.outputs, graph.inputs, seeds)
  return substituteDefined(answers, replacementsOf([...graph.inputs, ...seeds], [...inputs, ...tangents]))
}
