import { outputOf } from '../../node.js'
import type { AnyNode, Tensor } from '../../node.js'
import type { PrimitiveName } from '../../primitive.js'
import { sameShape, sizeOf } from '../../shape.js'
import { graphOf } from '../../graph/graph.js'
import type { Graph } from '../../graph/graph.js'
import { placeholder } from '../../graph/trace.js'

/** An input or output of the program by its position, or a value that one stage hands to the next. */
export interface Port {
  readonly of: 'input' | 'output' | 'between'
  readonly index: number
}

/** A part of a program: its graph, and which of the program's values its inputs and outputs are. */
export interface Stage {
  readonly graph: Graph
  readonly inputs: readonly Port[]
  readonly outputs: readonly Port[]
}

/** A program as stages that run one after another. */
export interface Staged {
  readonly stages: readonly Stage[]
  /** Outputs that may be written over the input of the same position: whatever reads that has run by then. */
  readonly inPlace: ReadonlySet<number>
  /** Outputs that are the input of the same position, which no stage computes. */
  readonly unchanged: ReadonlySet<number>
}

/** What computes each element of its output from the elements at the same place of its operands. */
const elementwise: ReadonlySet<PrimitiveName> = new Set([
  ...(['neg', 'abs', 'sign', 'floor', 'ceil', 'round', 'exp', 'expm1', 'log', 'log1p', 'sqrt', 'sin', 'cos', 'tanh', 'sigmoid', 'erf', 'relu', 'not'] as const),
  ...(['cast', 'add', 'sub', 'mul', 'div', 'rem', 'pow', 'maximum', 'minimum', 'atan2', 'equal', 'less', 'lessEqual', 'and', 'or', 'select'] as const)
])

/** Whether it cannot fail either: the engine refuses to divide integers by zero. */
const isElementwise = ({ primitive, outputs }: AnyNode): boolean =>
  elementwise.has(primitive) && ((primitive !== 'div' && primitive !== 'rem') || outputs[0]?.dtype === 'f32')

/** Bytes of state below which a second buffer costs less than a second stage. */
const worthwhile = 1 << 20

const bytesOf = ({ dtype, shape }: Tensor): number => sizeOf(shape) * (dtype === 'bool' ? 1 : 4)

const isSame = (a: Tensor | undefined, b: Tensor | undefined): boolean => a !== undefined && a.node === b?.node && a.index === b.index

/**
 * The nodes of the update: elementwise, computed from the state, and used by nothing but the new state. They end the program, so all
 * else, gradients above all, can be done before any of them begins.
 */
const updateOf = ({ nodes, inputs, outputs }: Graph, count: number): ReadonlySet<AnyNode> => {
  const elsewhere = new Set<AnyNode>(outputs.slice(count).map(({ node }) => node))
  const used = new Set<AnyNode>(outputs.slice(0, count).map(({ node }) => node))
  const last = new Set<AnyNode>()
  for (const node of nodes.toReversed()) {
    if (isElementwise(node) && used.has(node) && !elsewhere.has(node)) {
      last.add(node)
      node.inputs.forEach((operand) => used.add(operand.node))
    } else {
      node.inputs.forEach((operand) => elsewhere.add(operand.node))
    }
  }
  const state = new Set(inputs.slice(0, count).map(({ node }) => node))
  const update = new Set<AnyNode>()
  for (const node of nodes) {
    if (last.has(node) && node.inputs.some((operand) => state.has(operand.node) || update.has(operand.node))) update.add(node)
  }
  return update
}

/** Whether `target` is, or rests on, all of `nodes`, by a way through `within` alone. */
const restsOn = (target: AnyNode, nodes: readonly AnyNode[], within: ReadonlySet<AnyNode>): boolean => {
  const missing = new Set(nodes)
  const seen = new Set([target])
  const waiting = [target]
  for (let node = waiting.pop(); node !== undefined && missing.size > 0; node = waiting.pop()) {
    missing.delete(node)
    for (const { node: operand } of node.inputs) {
      if (!within.has(operand) || seen.has(operand)) continue
      seen.add(operand)
      waiting.push(operand)
    }
  }
  return missing.size === 0
}

/** The nodes that read each node of `nodes`. */
const readersIn = (nodes: Iterable<AnyNode>): ((node: AnyNode) => readonly AnyNode[]) => {
  const readers = new Map<AnyNode, Set<AnyNode>>()
  for (const node of nodes) {
    for (const { node: operand } of node.inputs) readers.set(operand, (readers.get(operand) ?? new Set()).add(node))
  }
  return (node) => [...(readers.get(node) ?? [])]
}

/** Those of `nodes` on which `targets` rest, and these themselves. */
const behind = (targets: readonly AnyNode[], nodes: ReadonlySet<AnyNode>): ReadonlySet<AnyNode> => {
  const found = new Set(targets)
  // A set grows while it is walked.
  for (const node of found) for (const { node: operand } of node.inputs) if (nodes.has(operand)) found.add(operand)
  return found
}

/** What of a step's update is computed when, and where it may be written. */
interface Update {
  /** Nodes that run after all others. */
  readonly late: ReadonlySet<AnyNode>
  readonly inPlace: ReadonlySet<number>
}

/**
 * State that nothing but its own update reads, such as momenta, is written as soon as it is known, so that gradients need not wait side by
 * side. The rest, such as weights, which gradients of other layers may still need, is written after all else has run. A new value may be
 * written over the old one where every node of the same stage that reads the old one comes before the node that writes the new one, or is
 * that node, whatever order the engine takes.
 */
const planUpdate = (graph: Graph, count: number): Update => {
  const { nodes, inputs, outputs } = graph
  const update = updateOf(graph, count)
  const positions = Array.from({ length: count }, (_, index) => index)
  const writable = (index: number, readers: readonly AnyNode[], within: ReadonlySet<AnyNode>): boolean => {
    const [before, after] = [inputs[index], outputs[index]]
    if (before === undefined || after === undefined || !within.has(after.node)) return false
    return before.dtype === after.dtype && sameShape(before.shape, after.shape) && restsOn(after.node, readers, within)
  }
  const readersOf = readersIn(nodes)
  const answered = new Set(outputs.map(({ node }) => node))
  const nodeAt = (ports: readonly Tensor[], index: number): readonly AnyNode[] => ports.slice(index, index + 1).map(({ node }) => node)
  const early = positions.filter((index) => nodeAt(inputs, index).every((before) => !answered.has(before) && writable(index, readersOf(before), update)))
  const atOnce = behind(early.flatMap((index) => nodeAt(outputs, index)), update)
  const late = new Set([...update].filter((node) => !atOnce.has(node)))
  const lateReadersOf = readersIn(late)
  const last = positions.filter((index) => nodeAt(inputs, index).every((before) => writable(index, lateReadersOf(before), late)))
  return { late, inPlace: new Set([...early, ...last]) }
}

/** Splits a graph before the nodes that run last. */
const split = (graph: Graph, late: ReadonlySet<AnyNode>, unchanged: ReadonlySet<number>): readonly Stage[] => {
  const positions = new Map(graph.inputs.map(({ node }, index) => [node, index]))
  const isOutput = (operand: Tensor): ((tensor: Tensor) => boolean) => (tensor) => isSame(tensor, operand)
  const copies = new Map<AnyNode, AnyNode>()
  const taken = new Map<AnyNode, Map<number, Tensor>>()
  const inputs: { readonly port: Port; readonly tensor: Tensor }[] = []
  const between: Tensor[] = []
  const portOf = (operand: Tensor): Port => {
    const position = positions.get(operand.node)
    if (position !== undefined) return { of: 'input', index: position }
    const output = graph.outputs.findIndex(isOutput(operand))
    return output === -1 ? { of: 'between', index: between.push(operand) - 1 } : { of: 'output', index: output }
  }
  /** An operand that the first stage has. */
  const take = (operand: Tensor): Tensor => {
    const { node, index, shape, dtype } = operand
    if (node.primitive === 'constant') return operand
    const known = taken.get(node)?.get(index)
    if (known !== undefined) return known
    const port = portOf(operand)
    const tensor = placeholder(`${port.of} ${port.index}`, { shape, dtype })
    taken.set(node, (taken.get(node) ?? new Map<number, Tensor>()).set(index, tensor))
    inputs.push({ port, tensor })
    return tensor
  }
  const moved = (operand: Tensor): Tensor => {
    const copy = copies.get(operand.node)
    return copy === undefined ? take(operand) : outputOf(copy, operand.index)
  }
  for (const node of late) {
    // The same primitive and attributes on operands of the same shapes: the same member of the union.
    copies.set(node, { ...node, inputs: node.inputs.map(moved) } as AnyNode)
  }
  const results = graph.outputs.map((tensor, index) => ({ tensor, port: { of: 'output', index } as const }))
  const first = results.filter(({ tensor, port }) => !late.has(tensor.node) && !unchanged.has(port.index))
  const second = results.filter(({ tensor }) => late.has(tensor.node))
  return [
    {
      graph: graphOf(graph.inputs, [...first.map(({ tensor }) => tensor), ...between]),
      inputs: graph.inputs.map((_, index) => ({ of: 'input', index })),
      outputs: [...first.map(({ port }) => port), ...between.map((_, index) => ({ of: 'between', index }) as const)]
    },
    {
      graph: graphOf(inputs.map(({ tensor }) => tensor), second.map(({ tensor }) => moved(tensor))),
      inputs: inputs.map(({ port }) => port),
      outputs: second.map(({ port }) => port)
    }
  ]
}

/**
 * A step of a state, which is the first `count` inputs and outputs, as two stages of which the second updates what the first reads in ways
 * that leave its order to the engine. `undefined` where that saves little memory.
 */
export const stagesOf = (graph: Graph, count: number): Staged | undefined => {
  const { late, inPlace } = planUpdate(graph, count)
  const unchanged = new Set(Array.from({ length: count }, (_, index) => index).filter((index) => isSame(graph.outputs[index], graph.inputs[index])))
  const saved = graph.inputs.reduce((sum, input, index) => sum + (inPlace.has(index) || unchanged.has(index) ? bytesOf(input) : 0), 0)
  if (saved < worthwhile) return undefined
  const stages = split(graph, late, unchanged).filter(({ outputs }) => outputs.length > 0)
  return { stages, inPlace, unchanged }
}
