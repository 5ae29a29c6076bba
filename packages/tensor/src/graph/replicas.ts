import { bind } from '../bind.js'
import { ShapeError } from '../errors.js'
import { outputOf } from '../node.js'
import type { AnyNode, Node, Tensor } from '../node.js'
import { sameShape, showShape } from '../shape.js'
import type { Graph } from './graph.js'
import { graphOf, subGraphsOf } from './graph.js'
import { placeholder } from './trace.js'

/** A request for a sum over replicas, by the layer's name. */
export interface Collective {
  readonly label: string
  readonly shape: readonly number[]
}

const isCollective = (node: AnyNode): node is Node<'allReduce'> => node.primitive === 'allReduce'

const collectiveOf = ({ attributes, outputs }: Node<'allReduce'>): Collective => ({ label: attributes.label, shape: outputs[0]?.shape ?? [] })

/** A program's collectives in post-order, which is the order in which every way of running replicas meets. */
export const collectivesOf = (graph: Graph): readonly Collective[] => graph.nodes.filter(isCollective).map(collectiveOf)

const refuse = (operand: string, expected: string, found: string): never => {
  throw new ShapeError({ operation: 'joinReplicas', operand, expected, found })
}

const show = (collective: Collective | undefined): string =>
  collective === undefined ? 'no further collective' : `"${collective.label}" ${showShape(collective.shape)}`

/** Throws at collectives inside sub-graphs, where replicas cannot meet. */
const requireOutside = (graph: Graph, replica: number): void => {
  const waiting = graph.nodes.flatMap(subGraphsOf)
  for (let inner = waiting.pop(); inner !== undefined; inner = waiting.pop()) {
    const [found] = collectivesOf(inner)
    if (found !== undefined) refuse(`replica ${replica}`, 'collectives outside of `call`, `cond` and `scan`', show(found))
    waiting.push(...inner.nodes.flatMap(subGraphsOf))
  }
}

/** One replica's program while it is copied: what its nodes have become, and where it stands. */
interface Progress {
  readonly graph: Graph
  readonly known: Map<AnyNode, readonly Tensor[]>
  position: number
}

const renamed = ({ known }: Progress, tensor: Tensor): Tensor => known.get(tensor.node)?.[tensor.index] ?? tensor

/** Copies nodes until the next collective, which it answers; `undefined` at the end. */
const advance = (progress: Progress): Node<'allReduce'> | undefined => {
  const { graph, known } = progress
  for (let node = graph.nodes[progress.position]; node !== undefined; node = graph.nodes[progress.position]) {
    progress.position++
    if (isCollective(node)) return node
    if (!known.has(node)) {
      // The same primitive and attributes on operands of the same shapes: the same member of the union.
      const copy = { ...node, inputs: node.inputs.map((input) => renamed(progress, input)) } as AnyNode
      known.set(node, copy.outputs.map((_, index) => outputOf(copy, index)))
    }
  }
  return undefined
}

/**
 * Several replicas' programs as one, without collectives. Each is traced (and differentiated) on its own, with its own shapes; the
 * i-th `allReduce` of all of them, in post-order, becomes one sum. Inputs and outputs are those of the first, then of the second …
 * Throws `ShapeError` where replicas ask for different sums, naming both layers.
 */
export const joinReplicas = (graphs: readonly Graph[]): Graph => {
  const replicas = graphs.map((graph, replica): Progress => {
    requireOutside(graph, replica)
    const copies = graph.inputs.map((input, index) => {
      const name = input.node.primitive === 'input' ? input.node.attributes.name : `input ${index}`
      return [input.node, [placeholder(`replica ${replica}: ${name}`, input)]] as const
    })
    return { graph, known: new Map<AnyNode, readonly Tensor[]>(copies), position: 0 }
  })
  const [first] = replicas
  if (first === undefined) return refuse('graphs', 'at least one', 'none')
  for (let round = replicas.map(advance); round.some((node) => node !== undefined); round = replicas.map(advance)) {
    const [leader, ...others] = round.map((node) => (node === undefined ? undefined : collectiveOf(node)))
    others.forEach((other, index) => {
      if (leader === undefined || other === undefined || leader.label !== other.label || !sameShape(leader.shape, other.shape)) {
        refuse(`replica ${index + 1}`, `${show(leader)}, as replica 0`, show(other))
      }
    })
    const terms = round.flatMap((node, replica) => {
      const progress = replicas[replica]
      const [term] = node?.inputs ?? []
      return progress === undefined || term === undefined ? [] : [renamed(progress, term)]
    })
    const sum = terms.reduce((a, b) => bind('add', {}, a, b))
    round.forEach((node, replica) => {
      if (node !== undefined) replicas[replica]?.known.set(node, [sum])
    })
  }
  return graphOf(
    replicas.flatMap((replica) => replica.graph.inputs.map((input) => renamed(replica, input))),
    replicas.flatMap((replica) => replica.graph.outputs.map((output) => renamed(replica, output)))
  )
}
