import { graphOf, outputOf, topologicalOrder } from '@tabula/tensor'
import type { AnyNode, Graph, Node, PrimitiveName, ScanAttributes, Tensor } from '@tabula/tensor'
import { linearOperands } from './linear-operands.js'
import type { Linearity } from './linear-operands.js'

/** How a tensor depends on the variables: not at all, linearly, or in another way, by the primitive that makes it so. */
export type Dependence = 'none' | 'linear' | { readonly through: PrimitiveName }

/** A tensor that depends on the variables, written so that reverse mode transposes it. */
export interface Followed {
  readonly tensor: Tensor
  readonly dependence: Dependence
}

type Known = Map<AnyNode, readonly Followed[]>

/**
 * The same values, with declared derivatives removed from what depends on the variables: there is one transpose of a linear map, and
 * `stopGradient` or a rule of one's own would answer another. Elsewhere they stay, as they say how the map changes with the point.
 */
export const linearPart = (outputs: readonly Tensor[], variables: readonly Tensor[]): readonly Followed[] => {
  const known: Known = new Map()
  variables.forEach((tensor) => known.set(tensor.node, [{ tensor, dependence: 'linear' }]))
  return followed(outputs, known)
}

const followed = (outputs: readonly Tensor[], known: Known): readonly Followed[] => {
  const found = (tensor: Tensor): Followed => known.get(tensor.node)?.[tensor.index] ?? { tensor, dependence: 'none' }
  for (const node of topologicalOrder(outputs)) {
    if (known.has(node)) continue
    const inputs = node.inputs.map(found)
    if (inputs.some(({ dependence }) => dependence !== 'none')) known.set(node, follow(node, inputs))
  }
  return outputs.map(found)
}

const linearityOf = <P extends PrimitiveName>(node: Node<P>): Linearity<P> => linearOperands[node.primitive]

const follow = (node: AnyNode, inputs: readonly Followed[]): readonly Followed[] => {
  if (node.primitive === 'call') return throughCall(node, inputs)
  if (node.primitive === 'cond') return throughBranches(node, inputs)
  if (node.primitive === 'scan') return throughLoop(node, inputs)
  if (node.primitive === 'stopGradient') return inputs
  const linearity = linearityOf<PrimitiveName>(node)
  const anew = withInputs(node, inputs)
  const dependence = (index: number): Dependence => {
    if (linearity === 'identity') return inputs[index]?.dependence ?? 'none'
    return typeof linearity === 'string' ? { through: node.primitive } : linearIn(node.primitive, linearity.kind, linearity.of(node), inputs)
  }
  return node.outputs.map((_, index) => ({ tensor: outputOf(anew, index), dependence: dependence(index) }))
}

const linearIn = (
  primitive: PrimitiveName,
  kind: 'each' | 'together',
  operands: readonly number[],
  inputs: readonly Followed[]
): Dependence => {
  const broken = inputs.find(({ dependence }) => typeof dependence === 'object')
  if (broken !== undefined) return broken.dependence
  const dependent = inputs.flatMap(({ dependence }, index) => (dependence === 'linear' ? [index] : []))
  const fits = dependent.every((index) => operands.includes(index))
  const others = operands.filter((index) => !dependent.includes(index))
  const holds = kind === 'each' ? dependent.length === 1 : others.every((index) => isZero(inputs[index]?.tensor))
  return fits && holds ? 'linear' : { through: primitive }
}

/** Primitives with one operand that are zero where it is, among those that rules and batches of them make zeros of a shape with. */
const keepsZeros: ReadonlySet<PrimitiveName> = new Set<PrimitiveName>(['broadcastTo', 'reshape', 'transpose', 'reduceSum'])

/** Whether a tensor is known to hold zeros only. */
export const isZero = (tensor: Tensor | undefined): boolean => {
  for (let x = tensor; x !== undefined; x = x.node.inputs[0]) {
    if (x.node.primitive === 'constant') return x.node.attributes.value.data.every((element) => element === 0)
    if (!keepsZeros.has(x.node.primitive)) return false
  }
  return false
}

const withInputs = (node: AnyNode, inputs: readonly Followed[]): AnyNode =>
  // The same primitive and attributes on operands of the same shapes and types, hence the same member of the union.
  ({ ...node, inputs: inputs.map(({ tensor }) => tensor) }) as AnyNode

interface FollowedGraph {
  readonly graph: Graph
  readonly dependences: readonly Dependence[]
}

const followGraph = (graph: Graph, inputs: readonly Followed[]): FollowedGraph => {
  const known: Known = new Map()
  graph.inputs.forEach((tensor, index) => {
    const dependence = inputs[index]?.dependence ?? 'none'
    if (dependence !== 'none') known.set(tensor.node, [{ tensor, dependence }])
  })
  const outputs = followed(graph.outputs, known)
  return {
    graph: graphOf(
      graph.inputs,
      outputs.map(({ tensor }) => tensor)
    ),
    dependences: outputs.map(({ dependence }) => dependence)
  }
}

const throughCall = (node: Node<'call'>, inputs: readonly Followed[]): readonly Followed[] => {
  const { name, recompute } = node.attributes
  const { graph, dependences } = followGraph(node.attributes.graph, inputs)
  const attributes = { name, graph, ...(recompute === true ? { recompute } : {}) }
  const anew = withInputs({ ...node, attributes }, inputs)
  return dependences.map((dependence, index) => ({ tensor: outputOf(anew, index), dependence }))
}

/** Linear where each branch is linear or zero, and the index is constant. */
const throughBranches = (node: Node<'cond'>, [index, ...operands]: readonly Followed[]): readonly Followed[] => {
  if (index === undefined) return []
  const branches = node.attributes.branches.map((branch) => followGraph(branch, operands))
  const anew = withInputs({ ...node, attributes: { branches: branches.map(({ graph }) => graph) } }, [index, ...operands])
  const joined = (position: number): Dependence => {
    if (index.dependence !== 'none') return { through: 'cond' }
    const found = branches.map(({ dependences }) => dependences[position] ?? 'none')
    const broken = found.find((dependence) => typeof dependence === 'object')
    if (broken !== undefined) return broken
    if (!found.includes('linear')) return 'none'
    const affine = branches.some(({ graph }, branch) => found[branch] === 'none' && !isZero(graph.outputs[position]))
    return affine ? { through: 'cond' } : 'linear'
  }
  return node.outputs.map((_, position) => ({ tensor: outputOf(anew, position), dependence: joined(position) }))
}

/**
 * Linear where the body is, in the constants and slices that depend on the variables and in every carry that they enter, whose beginning
 * must then depend on them too or be zero.
 */
const throughLoop = (node: Node<'scan'>, inputs: readonly Followed[]): readonly Followed[] => {
  const { graph, dependences } = loopStep(node.attributes, enteringLoop(node.attributes, inputs))
  const anew = withInputs({ ...node, attributes: { ...node.attributes, body: graph } }, inputs)
  return dependences.map((dependence, index) => ({ tensor: outputOf(anew, index), dependence }))
}

/** What enters the body in any step: a carry that the variables enter later is linear in them if it begins with zeros. */
const enteringLoop = (attributes: ScanAttributes, inputs: readonly Followed[]): readonly Followed[] => {
  const { body, constants, carries } = attributes
  const { dependences } = followGraph(body, inputs)
  const entering = inputs.map((input, index): Followed => {
    const carry = index - constants
    const isEntered = input.dependence === 'none' && carry >= 0 && carry < carries && dependences[carry] !== 'none'
    return isEntered ? { ...input, dependence: isZero(input.tensor) ? 'linear' : { through: 'scan' } } : input
  })
  return entering.every(({ dependence }, index) => dependence === inputs[index]?.dependence) ? inputs : enteringLoop(attributes, entering)
}

/** The body, with carries as they are after a step, as soon as a further step changes nothing. */
const loopStep = (attributes: ScanAttributes, entering: readonly Followed[]): FollowedGraph => {
  const { body, constants, carries } = attributes
  const found = followGraph(body, entering)
  const next = entering.map((input, index): Followed => {
    const carry = index - constants
    return carry < 0 || carry >= carries ? input : { ...input, dependence: carried(input.dependence, found, carry) }
  })
  return next.every(({ dependence }, index) => dependence === entering[index]?.dependence) ? found : loopStep(attributes, next)
}

/** How a carry depends on the variables in any step, from how it does before one and after it. */
const carried = (before: Dependence, { graph, dependences }: FollowedGraph, carry: number): Dependence => {
  const after = dependences[carry] ?? 'none'
  if (typeof before === 'object' || after === before) return before
  return typeof after === 'object' ? after : isZero(graph.outputs[carry]) ? before : { through: 'scan' }
}
