import { nodeOf, outputOf } from '@tabula/tensor'
import type { AnyNode, Attributes, Graph, PrimitiveName, Tensor } from '@tabula/tensor'

/** A tensor as the positions of its node in the graph and of itself among the node's outputs. */
type Position = readonly [node: number, output: number]

/** A node without references: sub-graphs among the attributes are numbers of graphs sent before. */
interface SentNode {
  readonly primitive: PrimitiveName
  readonly attributes: unknown
  readonly inputs: readonly Position[]
}

/** A graph as plain data. */
interface SentGraph {
  readonly nodes: readonly SentNode[]
  readonly inputs: readonly Position[]
  readonly outputs: readonly Position[]
}

/** A program as plain data: its sub-graphs, each after those it contains, and itself last. */
export type SentProgram = readonly SentGraph[]

const sentAttributes = ({ primitive, attributes }: AnyNode, numberOf: (graph: Graph) => number): unknown => {
  switch (primitive) {
    case 'call':
      // Programs are differentiated before they are compiled; devices do not look at the rule.
      return { name: attributes.name, graph: numberOf(attributes.graph) }
    case 'cond':
      return { branches: attributes.branches.map(numberOf) }
    case 'scan':
      return { ...attributes, body: numberOf(attributes.body) }
    case 'host':
      throw new TypeError(`the host function "${attributes.name}" is not plain data, which alone can be sent`)
    default:
      return attributes
  }
}

const sentGraph = ({ nodes, inputs, outputs }: Graph, numberOf: (graph: Graph) => number): SentGraph => {
  const positions = new Map(nodes.map((node, position) => [node, position]))
  const positionOf = ({ node, index }: Tensor): Position => {
    const position = positions.get(node)
    if (position === undefined) throw new ReferenceError(`a graph uses ${node.primitive}, which is not among its nodes`)
    return [position, index]
  }
  return {
    nodes: nodes.map((node) => ({ primitive: node.primitive, attributes: sentAttributes(node, numberOf), inputs: node.inputs.map(positionOf) })),
    inputs: inputs.map(positionOf),
    outputs: outputs.map(positionOf)
  }
}

/** A program as plain data, to be compiled elsewhere. Derivative rules of calls are left out. */
export const sentProgram = (graph: Graph): SentProgram => {
  const sent: SentGraph[] = []
  const numbers = new Map<Graph, number>()
  const numberOf = (one: Graph): number => {
    const known = numbers.get(one)
    if (known !== undefined) return known
    const number = sent.push(sentGraph(one, numberOf)) - 1
    numbers.set(one, number)
    return number
  }
  numberOf(graph)
  return sent
}

const at = <A>(list: readonly A[], position: number): A => {
  const found = list[position]
  if (found === undefined) throw new ReferenceError(`a program that was sent has no part ${position}`)
  return found
}

const receivedAttributes = (primitive: PrimitiveName, attributes: unknown, graphs: readonly Graph[]): unknown => {
  // Written by `sentAttributes` for these three primitives.
  if (primitive === 'call') {
    const { name, graph } = attributes as { readonly name: string; readonly graph: number }
    return { name, graph: at(graphs, graph) }
  }
  if (primitive === 'cond') return { branches: (attributes as { readonly branches: readonly number[] }).branches.map((number) => at(graphs, number)) }
  if (primitive === 'scan') {
    const scan = attributes as Omit<Attributes['scan'], 'body'> & { readonly body: number }
    return { ...scan, body: at(graphs, scan.body) }
  }
  return attributes
}

/** The program that `sentProgram` has made plain. Throws `ShapeError` or `DtypeError` where operands do not fit. */
export const receivedProgram = (sent: SentProgram): Graph => {
  const graphs: Graph[] = []
  for (const { nodes, inputs, outputs } of sent) {
    const built: AnyNode[] = []
    const tensorAt = ([node, output]: Position): Tensor => outputOf(at(built, node), output)
    for (const { primitive, attributes, inputs: operands } of nodes) {
      // The attributes were those of a node of this primitive.
      built.push(nodeOf(primitive, receivedAttributes(primitive, attributes, graphs) as Attributes[typeof primitive], operands.map(tensorAt)))
    }
    graphs.push({ nodes: built, inputs: inputs.map(tensorAt), outputs: outputs.map(tensorAt) })
  }
  return at(graphs, graphs.length - 1)
}
