import { bind } from '../bind.js'
import type { AnyNode, Tensor } from '../node.js'
import { broadcastShapes, sameShape } from '../shape.js'

/** The operand at a position, which the shape rule has checked. */
const operand = (node: AnyNode, index: number): Tensor => {
  const input = node.inputs[index]
  if (input === undefined) throw new RangeError(`${node.primitive} has no operand ${index}`)
  return input
}

const isConstant = (x: Tensor, number: number): boolean =>
  x.node.primitive === 'constant' && x.node.attributes.value.data.length === 1 && x.node.attributes.value.data[0] === number

/** Elementwise primitives that broadcast their operands themselves. */
const broadcasting = new Set(['add', 'sub', 'mul', 'div', 'pow', 'maximum', 'minimum', 'equal', 'less', 'lessEqual', 'and', 'or', 'select'])

/** The node without `broadcastTo` on operands whose repetition the operation does by itself. */
const withoutBroadcasts = (node: AnyNode): readonly Tensor[] | undefined => {
  const shape = node.outputs[0]?.shape ?? []
  const inputs = [...node.inputs]
  let changed = false
  inputs.forEach((input, index) => {
    if (input.node.primitive !== 'broadcastTo') return
    const source = operand(input.node, 0)
    const others = inputs.map((other, k) => (k === index ? source.shape : other.shape))
    const result = others.reduce((a, b) => broadcastShapes(node.primitive, a, b))
    if (!sameShape(result, shape)) return
    inputs[index] = source
    changed = true
  })
  return changed ? inputs : undefined
}

/**
 * The simpler expression that a node's only output equals, or `undefined`: identities removed, reshapes and transposes merged,
 * sums over axes of size 1 as reshapes. Exact in floating point.
 */
export const simplerOutput = (node: AnyNode): Tensor | undefined => {
  switch (node.primitive) {
    case 'stopGradient':
      return operand(node, 0)
    case 'reshape': {
      const x = operand(node, 0)
      if (sameShape(x.shape, node.attributes.shape)) return x
      return x.node.primitive === 'reshape' ? bind('reshape', node.attributes, operand(x.node, 0)) : undefined
    }
    case 'transpose': {
      const x = operand(node, 0)
      const { permutation } = node.attributes
      if (permutation.every((axis, position) => axis === position)) return x
      if (x.node.primitive !== 'transpose') return undefined
      const inner = x.node.attributes.permutation
      return bind('transpose', { permutation: permutation.map((axis) => inner[axis] ?? 0) }, operand(x.node, 0))
    }
    case 'broadcastTo':
      return sameShape(operand(node, 0).shape, node.attributes.shape) ? operand(node, 0) : undefined
    case 'cast':
      return operand(node, 0).dtype === node.attributes.dtype ? operand(node, 0) : undefined
    case 'mul': {
      const [a, b] = [operand(node, 0), operand(node, 1)]
      const shape = node.outputs[0]?.shape ?? []
      if (isConstant(b, 1) && sameShape(a.shape, shape)) return a
      return isConstant(a, 1) && sameShape(b.shape, shape) ? b : undefined
    }
    case 'reduceSum': {
      const x = operand(node, 0)
      const { axes } = node.attributes
      return axes.every((axis) => x.shape[axis] === 1) ? bind('reshape', { shape: node.outputs[0]?.shape ?? [] }, x) : undefined
    }
    default:
      return undefined
  }
}

/** Operands with which the node computes the same, at less cost; `undefined` where they are as they should be. */
export const simplerOperands = (node: AnyNode): readonly Tensor[] | undefined =>
  broadcasting.has(node.primitive) ? withoutBroadcasts(node) : undefined
