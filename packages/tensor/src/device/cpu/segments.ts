import { graphOf, subGraphsOf } from '../../graph/graph.js'
import type { Graph } from '../../graph/graph.js'
import { placeholder } from '../../graph/trace.js'
import { outputOf } from '../../node.js'
import type { AnyNode, Node, Tensor } from '../../node.js'

/** A part of a program without host functions, as a closed graph, and what of the program its inputs and outputs are. */
export interface Segment {
  readonly graph: Graph
  readonly inputs: readonly Tensor[]
  readonly outputs: readonly Tensor[]
}

/** What stands between segments: a host function, or a conditional or loop with one inside. */
export type Border = Node<'host'> | Node<'cond'> | Node<'scan'>

/** Segments and borders in an order in which they can run. */
export type Part = { readonly _tag: 'segment'; readonly segment: Segment } | { readonly _tag: 'border'; readonly node: Border }

/** Whether a graph has host functions, in its sub-graphs too. */
export const hasHost = (graph: Graph): boolean => {
  const waiting = [graph]
  for (let inner = waiting.pop(); inner !== undefined; inner = waiting.pop()) {
    for (const node of inner.nodes) {
      if (node.primitive === 'host') return true
      waiting.push(...subGraphsOf(node))
    }
  }
  return false
}

const isBorder = (node: AnyNode): node is Border => node.primitive === 'host' || ((node.primitive === 'cond' || node.primitive === 'scan') && subGraphsOf(node).some(hasHost))

/** Data that every segment may have a copy of. */
const isData = ({ primitive }: AnyNode): boolean => primitive === 'constant' || primitive === 'iota'

/** Tensors, each once, in the order in which they were added. */
interface TensorSet {
  readonly add: (tensor: Tensor) => void
  readonly tensors: readonly Tensor[]
}

const tensorSet = (): TensorSet => {
  const known = new Map<AnyNode, Set<number>>()
  const tensors: Tensor[] = []
  return {
    tensors,
    add: (tensor) => {
      const ofNode = known.get(tensor.node) ?? new Set<number>()
      if (!ofNode.has(tensor.index)) tensors.push(tensor)
      known.set(tensor.node, ofNode.add(tensor.index))
    }
  }
}

/** The nodes as a closed graph over what they take from elsewhere. */
const segmentOf = (nodes: readonly AnyNode[], outputs: readonly Tensor[]): Segment => {
  const own = new Set(nodes)
  const taken = tensorSet()
  nodes.forEach((node) => node.inputs.filter((input) => !own.has(input.node) && !isData(input.node)).forEach((input) => taken.add(input)))
  const inputs = taken.tensors
  const parameters = inputs.map((input, index) => placeholder(`x${index}`, input))
  const known = new Map<AnyNode, Tensor[]>()
  inputs.forEach(({ node, index }, position) => {
    const parameter = parameters[position]
    const ofNode = known.get(node) ?? []
    if (parameter !== undefined) ofNode[index] = parameter
    known.set(node, ofNode)
  })
  const renamed = (tensor: Tensor): Tensor => known.get(tensor.node)?.[tensor.index] ?? tensor
  for (const node of nodes) {
    // The same primitive and attributes on operands of the same shapes: the same member of the union.
    const copy = { ...node, inputs: node.inputs.map(renamed) } as AnyNode
    known.set(node, copy.outputs.map((_, index) => outputOf(copy, index)))
  }
  return { graph: graphOf(parameters, outputs.map(renamed)), inputs, outputs }
}

/**
 * A graph without calls as segments with host functions between them. Every node is computed in the first segment that it can be in,
 * which makes as few of them as there are host functions that rest on one another, and one more.
 */
export const partsOf = (graph: Graph): readonly Part[] => {
  const parameters = new Set(graph.inputs.map(({ node }) => node))
  /** Borders in a row that come before a node. */
  const levels = new Map<AnyNode, number>()
  const segments: AnyNode[][] = []
  const borders: Border[][] = []
  const levelOf = ({ node }: Tensor): number => (levels.get(node) ?? 0) + (isBorder(node) ? 1 : 0)
  for (const node of graph.nodes) {
    const level = node.inputs.reduce((most, input) => Math.max(most, levelOf(input)), 0)
    levels.set(node, level)
    if (isBorder(node)) (borders[level] ??= []).push(node)
    else if (!parameters.has(node)) (segments[level] ??= []).push(node)
  }
  const wanted: TensorSet[] = []
  /** Asks the segment that makes a tensor for it. */
  const want = (tensor: Tensor): void => {
    if (!parameters.has(tensor.node) && !isBorder(tensor.node)) (wanted[levels.get(tensor.node) ?? 0] ??= tensorSet()).add(tensor)
  }
  graph.outputs.forEach(want)
  borders.flat().forEach((node) => node.inputs.forEach(want))
  graph.nodes.forEach((node) => {
    if (!isBorder(node)) node.inputs.filter((input) => !isData(input.node) && levels.get(input.node) !== levels.get(node)).forEach(want)
  })
  return Array.from({ length: Math.max(segments.length, borders.length) }, (_, level): readonly Part[] => {
    const outputs = wanted[level]?.tensors ?? []
    const segment: readonly Part[] = outputs.length === 0 ? [] : [{ _tag: 'segment', segment: segmentOf(segments[level] ?? [], outputs) }]
    return [...segment, ...(borders[level] ?? []).map((node): Part => ({ _tag: 'border', node }))]
  }).flat()
}
