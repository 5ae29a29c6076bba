import type { Graph } from '../../graph/graph.js'
import type { AnyNode } from '../../node.js'
import { sizeOf } from '../../shape.js'

/** Multiplications that the engine does in about a millisecond on one thread, and what an element costs beside one. */
const budget = 1e8
const perElement = 8

/** Multiplications of a product or a convolution. */
const products = (node: AnyNode): number => {
  const [a, b] = node.inputs
  const [output] = node.outputs
  if (a === undefined || b === undefined || output === undefined) return 0
  const perOutput = (weights: readonly number[]): number => sizeOf(weights.slice(1))
  switch (node.primitive) {
    case 'matmul':
      return sizeOf(output.shape) * (a.shape.at(-1) ?? 1)
    case 'conv2d':
      return sizeOf(output.shape) * perOutput(b.shape)
    case 'conv2dInputGradient':
      return sizeOf(a.shape) * perOutput(b.shape)
    case 'conv2dWeightGradient':
      return sizeOf(b.shape) * perOutput(output.shape)
    default:
      return 0
  }
}

/** Primitives whose cost their shapes do not tell. */
const unknown: ReadonlySet<string> = new Set(['call', 'cond', 'scan', 'host', 'nms', 'roiAlign', 'roiAlignGradient'])

/**
 * Whether a program runs for about a millisecond or less. Such a run is done before another thread would have begun it, which on a busy
 * machine is several milliseconds later.
 */
export const isBrief = ({ nodes }: Graph): boolean => {
  let cost = 0
  for (const node of nodes) {
    if (unknown.has(node.primitive)) return false
    cost += products(node) + perElement * node.outputs.reduce((sum, { shape }) => sum + sizeOf(shape), 0)
    if (cost > budget) return false
  }
  return true
}
