import { shapeRules } from './infer/index.js'
import { outputOf } from './node.js'
import type { AnyNode, Node, Tensor } from './node.js'
import type { Attributes, PrimitiveName } from './primitive.js'

/** The node that applies a primitive to operands. Throws `ShapeError` or `DtypeError` where they do not fit. */
export const nodeOf = <P extends PrimitiveName>(primitive: P, attributes: Attributes[P], inputs: readonly Tensor[]): AnyNode => {
  const node: Node<P> = { primitive, attributes, inputs, outputs: shapeRules[primitive](attributes, inputs) }
  // Node<P> for one P is a member of the union over P; the compiler cannot see that for a generic P.
  return node as unknown as AnyNode
}

/** All outputs of a primitive applied to operands. */
export const bindAll = <P extends PrimitiveName>(primitive: P, attributes: Attributes[P], ...inputs: readonly Tensor[]): readonly Tensor[] => {
  const node = nodeOf(primitive, attributes, inputs)
  return node.outputs.map((_, index) => outputOf(node, index))
}

/** The first output of a primitive applied to operands. */
export const bind = <P extends PrimitiveName>(primitive: P, attributes: Attributes[P], ...inputs: readonly Tensor[]): Tensor =>
  outputOf(nodeOf(primitive, attributes, inputs), 0)
