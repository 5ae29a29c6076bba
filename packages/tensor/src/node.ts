import type { Dtype } from './dtype.js'
import type { Attributes, PrimitiveName } from './primitive.js'
import type { Shape } from './shape-types.js'
import type { Sizes } from './shape.js'

/** Shape and element type of an output, without data. */
export interface Abstract<D extends Dtype = Dtype> {
  readonly shape: Sizes
  readonly dtype: D
}

/** One application of a primitive. Nodes are immutable and identified by reference; building one computes nothing. */
export interface Node<P extends PrimitiveName = PrimitiveName> {
  readonly primitive: P
  readonly attributes: Attributes[P]
  readonly inputs: readonly Tensor[]
  readonly outputs: readonly Abstract[]
}

/** A node of some primitive, discriminated by its name. */
export type AnyNode = { readonly [P in PrimitiveName]: Node<P> }[PrimitiveName]

declare const typeOfShape: unique symbol

/**
 * An immutable expression: one output of a node. `S` is the shape as far as the compiler knows it, `D` the element type.
 * There is nothing to dispose of.
 */
export interface Tensor<S extends Shape = Shape, D extends Dtype = Dtype> {
  readonly kind: 'tensor'
  readonly node: AnyNode
  readonly index: number
  readonly shape: Sizes
  readonly dtype: D
  /** Present in types only. `undefined` is named, so that the compiler does not advise on it where shapes differ. */
  readonly [typeOfShape]?: S | undefined
}

/** The expression `node.outputs[index]`. Throws `RangeError` where the node has no such output. */
export const outputOf = (node: AnyNode, index: number): Tensor => {
  const output = node.outputs[index]
  if (output === undefined) throw new RangeError(`${node.primitive} has ${node.outputs.length} outputs, no output ${index}`)
  return { kind: 'tensor', node, index, shape: output.shape, dtype: output.dtype }
}
