import type { Graph } from '../../../graph/graph.js'
import type { Node, Tensor } from '../../../node.js'
import type { PrimitiveName } from '../../../primitive.js'
import type { OnnxBuilder } from '../onnx/builder.js'
import type { Lowered } from './lowered.js'

/** What a lowering may use besides its operands. */
export interface LoweringContext {
  readonly builder: OnnxBuilder
  /** How often the program uses an output of a node, results included. */
  readonly uses: (node: object, index: number) => number
  /** A tensor that has been lowered already, for patterns of several primitives. */
  readonly lowered: (tensor: Tensor) => Lowered
  /** Lowers a closed sub-graph into this builder or a branch of it. */
  readonly inline: (graph: Graph, inputs: readonly Lowered[], builder: OnnxBuilder) => readonly Lowered[]
}

/** Writes the ONNX nodes that compute a primitive, and answers where its outputs are. Throws `Unsupported`. */
export type Lowering<P extends PrimitiveName> = (context: LoweringContext, node: Node<P>, inputs: readonly Lowered[]) => readonly Lowered[]

/** Thrown where this device cannot compute what a program asks for. */
export class Unsupported extends Error {
  override readonly name = 'Unsupported'
  readonly primitive: string
  constructor(primitive: string, message: string) {
    super(`${primitive}: ${message}`)
    this.primitive = primitive
  }
}

/** The operand at `index`, which the shape rules have checked to be there. */
export const operandAt = (inputs: readonly Lowered[], index: number): Lowered => {
  const input = inputs[index]
  if (input === undefined) throw new RangeError(`no operand ${index} among ${inputs.length}`)
  return input
}

/** Shape and element type of an output, which the shape rules have answered. */
export const outputAt = (node: { readonly outputs: Node['outputs'] }, index = 0): Node['outputs'][number] => {
  const output = node.outputs[index]
  if (output === undefined) throw new RangeError(`no output ${index} among ${node.outputs.length}`)
  return output
}
