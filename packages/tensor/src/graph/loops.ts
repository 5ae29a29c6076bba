import { bindAll } from '../bind.js'
import { outputOf } from '../node.js'
import type { AnyNode, Node, Tensor } from '../node.js'
import type { ScanAttributes } from '../primitive.js'
import type { Graph } from './graph.js'
import { graphOf, topologicalOrder } from './graph.js'

type Loop = Node<'scan'>

const positions = (count: number): readonly number[] => Array.from({ length: count }, (_, index) => index)

/** The body's inputs that these outputs rest on, by position. */
const inputsOf = ({ inputs }: Graph, outputs: readonly Tensor[]): ReadonlySet<number> => {
  const used = new Set(topologicalOrder(outputs).filter(({ primitive }) => primitive === 'input'))
  return new Set(inputs.flatMap(({ node }, index) => (used.has(node) ? [index] : [])))
}

/** Positions of outputs that are needed for those asked for: the carries that these rest on, and so on. `at` answers an output. */
const neededFor = (asked: ReadonlySet<number>, { body, constants, carries }: ScanAttributes, at: (position: number) => Tensor | undefined): ReadonlySet<number> => {
  const needed = new Set(asked)
  for (let size = -1; size !== needed.size; ) {
    size = needed.size
    const used = inputsOf(body, [...needed].flatMap((position) => at(position) ?? []))
    for (let carry = 0; carry < carries; carry++) if (used.has(constants + carry)) needed.add(carry)
  }
  return needed
}

/** The outputs needed, and the body that computes no others. Loops within it that have less to do may leave carries without a use. */
const neededPart = (attributes: ScanAttributes, asked: ReadonlySet<number>): { readonly outputs: readonly number[]; readonly inner: Graph } => {
  const { body } = attributes
  const partOf = (needed: ReadonlySet<number>) => {
    const outputs = positions(body.outputs.length).filter((position) => needed.has(position))
    return { outputs, inner: withNeededLoops(graphOf(body.inputs, outputs.flatMap((position) => body.outputs[position] ?? []))) }
  }
  let part = partOf(neededFor(asked, attributes, (position) => body.outputs[position]))
  for (let size = -1; size !== part.outputs.length; ) {
    size = part.outputs.length
    const { outputs, inner } = part
    const needed = neededFor(asked, { ...attributes, body: inner }, (position) => inner.outputs[outputs.indexOf(position)])
    if (needed.size < size) part = partOf(needed)
  }
  return part
}

/** A loop with less to do. */
interface Reduced {
  readonly attributes: ScanAttributes
  /** Positions of the operands that are left. */
  readonly inputs: readonly number[]
  /** Positions of the outputs that are left. */
  readonly outputs: readonly number[]
}

/** The loop without outputs that are not asked for, without carries that these do not rest on, and without operands that nothing uses. */
const reduced = ({ attributes, inputs }: Loop, asked: ReadonlySet<number>): Reduced => {
  const { constants, carries } = attributes
  const { outputs, inner } = neededPart(attributes, asked)
  const used = inputsOf(inner, inner.outputs)
  const isCarry = (index: number): boolean => index >= constants && index < constants + carries
  const left = positions(inputs.length).filter((index) => (isCarry(index) ? outputs.includes(index - constants) : used.has(index)))
  return {
    attributes: {
      ...attributes,
      body: graphOf(inner.inputs.filter((_, index) => left.includes(index)), inner.outputs),
      constants: left.filter((index) => index < constants).length,
      carries: outputs.filter((index) => index < carries).length
    },
    inputs: left,
    outputs
  }
}

/** Outputs of nodes that the program needs, found from its end. */
const asking = (outputs: readonly Tensor[]): { readonly of: (node: AnyNode) => ReadonlySet<number>; readonly ask: (tensor: Tensor) => void } => {
  const asked = new Map<AnyNode, Set<number>>()
  const ask = ({ node, index }: Tensor): void => void asked.set(node, (asked.get(node) ?? new Set<number>()).add(index))
  outputs.forEach(ask)
  return { ask, of: (node) => asked.get(node) ?? new Set() }
}

/**
 * The same program, whose loops compute and stack nothing that no output of the program rests on. So a loop may offer more than is taken of
 * it, such as its carries before each step, which only a derivative needs.
 */
export const withNeededLoops = (graph: Graph): Graph => {
  if (!graph.nodes.some(({ primitive }) => primitive === 'scan')) return graph
  const { ask, of } = asking(graph.outputs)
  const loops = new Map<AnyNode, Reduced>()
  for (const node of graph.nodes.toReversed()) {
    const asked = of(node)
    if (asked.size === 0) continue
    const loop = node.primitive === 'scan' ? reduced(node, asked) : undefined
    if (loop !== undefined) loops.set(node, loop)
    node.inputs.forEach((input, index) => (loop === undefined || loop.inputs.includes(index) ? ask(input) : undefined))
  }
  const known = new Map<AnyNode, readonly Tensor[]>(graph.inputs.map((input) => [input.node, [input]]))
  const renamed = (tensor: Tensor): Tensor => known.get(tensor.node)?.[tensor.index] ?? tensor
  for (const node of graph.nodes) {
    if (known.has(node) || of(node).size === 0) continue
    const loop = loops.get(node)
    if (loop === undefined) {
      if (node.inputs.every((input) => renamed(input) === input)) continue
      // The same primitive and attributes on operands of the same shapes: the same member of the union.
      const copy = { ...node, inputs: node.inputs.map(renamed) } as AnyNode
      known.set(node, copy.outputs.map((_, index) => outputOf(copy, index)))
      continue
    }
    const operands = node.inputs.filter((_, index) => loop.inputs.includes(index)).map(renamed)
    const results = bindAll('scan', loop.attributes, ...operands)
    const all: Tensor[] = node.outputs.map((_, index) => outputOf(node, index))
    loop.outputs.forEach((position, index) => {
      const result = results[index]
      if (result !== undefined) all[position] = result
    })
    known.set(node, all)
  }
  return graphOf(graph.inputs, graph.outputs.map(renamed))
}
