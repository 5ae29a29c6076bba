import type { Graph } from '../../graph/graph.js'
import type { Abstract, AnyNode, Tensor } from '../../node.js'
import type { PrimitiveName } from '../../primitive.js'
import { sizeOf } from '../../shape.js'
import type { HostValue } from '../../value.js'
import { deathsOf, evaluateNode } from '../reference/evaluate.js'
import { deviceName } from './engine.js'
import type { CompiledKernel, Engine } from './engine.js'
import type { Lowered, Lowering } from './lower/lowering.js'
import { hostReason } from './lower/lowering.js'
import { lowerings } from './lower/lowerings.js'

/** Thrown while a program is planned that holds more elements than the engine can index. */
export class TooLarge extends Error {
  override readonly name = 'TooLarge'
  readonly primitive: string
  constructor(primitive: string, elements: number) {
    super(`${primitive} has ${elements} elements; ${deviceName} indexes with f32 and therefore at most ${mostElements}`)
    this.primitive = primitive
  }
}

/** Indices are f32 in the engine; up to here also their quotients are exact. */
const mostElements = 2 ** 23

/** A node's computation: the values of its outputs from those of its operands. */
type Step = (operands: readonly HostValue[]) => readonly HostValue[]

/** A program ready to run. */
export interface Plan {
  readonly run: (inputs: readonly HostValue[]) => readonly HostValue[]
  readonly kernels: readonly CompiledKernel[]
  /** What runs on the host: how often each primitive, and why. */
  readonly hosted: readonly { readonly primitive: string; readonly reason: string }[]
  /** Stretches of kernels with nothing on the host between them. */
  readonly segments: number
}

const asFloats = ({ data }: HostValue): Float32Array => (data instanceof Float32Array ? data : new Float32Array(data))

const fromFloats = ({ dtype, shape }: Abstract, numbers: Float32Array): HostValue =>
  dtype === 'bool' ? { kind: 'host', dtype, shape, data: new Uint8Array(numbers) } : { kind: 'host', dtype: 'f32', shape, data: numbers }

const loweringOf = (node: AnyNode): Lowered => {
  const inputs = node.inputs.map(({ shape, dtype }) => ({ shape, dtype }))
  // The record is total and each entry takes its own attributes; the compiler cannot pair them for a union of nodes.
  const lowered = (lowerings[node.primitive] as Lowering<PrimitiveName>)(node.attributes, inputs, node.outputs)
  const reason = hostReason(inputs, node.outputs)
  return lowered._tag === 'kernels' && reason !== undefined ? { _tag: 'host', reason } : lowered
}

/** Sub-graphs of a node that has some. */
const subgraphsOf = (node: AnyNode): readonly Graph[] => {
  if (node.primitive === 'call') return [node.attributes.graph]
  return node.primitive === 'cond' ? node.attributes.branches : []
}

/** Values of a node whose outputs are its operands in other shapes. */
const aliases =
  (node: AnyNode): Step =>
  (operands) =>
    node.outputs.flatMap((output, index) => {
      const operand = operands[index]
      return operand === undefined ? [] : [{ ...operand, shape: output.shape }]
    })

/**
 * Plans a program: its kernels are created once and compiled by the engine when they first run. Values between kernels are arrays
 * in the host's memory, freed after their last use. Throws `TooLarge`.
 */
export const planOf = (graph: Graph, engine: Engine): Plan => {
  const kernels: CompiledKernel[] = []
  const hosted: { primitive: string; reason: string }[] = []
  let segments = 0
  let inSegment = false

  const kernelSteps = (node: AnyNode, lowered: Extract<Lowered, { readonly _tag: 'kernels' }>): Step => {
    const made = lowered.kernels.map(({ source, length }) => {
      if (length > mostElements) throw new TooLarge(node.primitive, length)
      const kernel = engine.kernel(source, length)
      kernels.push(kernel)
      return kernel
    })
    return (operands) => {
      const [output] = node.outputs
      if (output === undefined) return []
      const arrays = made.reduce<readonly Float32Array[]>((values, kernel) => [kernel.run(values)], operands.map(asFloats))
      return arrays.map((array) => fromFloats(output, array))
    }
  }

  const subgraphStep = (node: AnyNode, selected: boolean): Step => {
    const plans = subgraphsOf(node).map((inner) => planOf(inner, engine))
    plans.forEach((plan) => {
      kernels.push(...plan.kernels)
      hosted.push(...plan.hosted)
      segments += plan.segments
    })
    return (operands) => {
      const index = selected ? (operands[0]?.data[0] ?? 0) : 0
      const plan = plans[Math.min(Math.max(index, 0), plans.length - 1)]
      return plan === undefined ? [] : plan.run(selected ? operands.slice(1) : operands)
    }
  }

  const stepOf = (node: AnyNode): Step => {
    const lowered = loweringOf(node)
    switch (lowered._tag) {
      case 'alias':
        return aliases(node)
      case 'kernels':
        for (const { shape } of [...node.inputs, ...node.outputs]) {
          if (sizeOf(shape) > mostElements) throw new TooLarge(node.primitive, sizeOf(shape))
        }
        if (!inSegment) segments++
        inSegment = true
        return kernelSteps(node, lowered)
      case 'subgraph':
        inSegment = false
        return subgraphStep(node, lowered.selected)
      case 'host':
        // Data of the program interrupts nothing.
        if (node.inputs.length > 0) {
          inSegment = false
          hosted.push({ primitive: node.primitive, reason: lowered.reason })
        }
        return (operands) => evaluateNode(node, operands, 'single')
    }
  }

  const parameters = new Set(graph.inputs.map(({ node }) => node))
  const steps = graph.nodes.map((node): { readonly node: AnyNode; readonly step: Step | undefined } => ({
    node,
    step: parameters.has(node) ? undefined : stepOf(node)
  }))
  const deaths = deathsOf(graph)

  const run = (inputs: readonly HostValue[]): readonly HostValue[] => {
    const values = new Map<AnyNode, readonly HostValue[]>()
    graph.inputs.forEach(({ node }, index) => {
      const input = inputs[index]
      if (input !== undefined) values.set(node, [input.dtype === 'f32' ? { ...input, data: asFloats(input) } : input])
    })
    const valueOf = ({ node, index }: Tensor): HostValue => {
      const value = values.get(node)?.[index]
      if (value === undefined) throw new ReferenceError(`output ${index} of ${node.primitive} is used before it is computed`)
      return value
    }
    steps.forEach(({ node, step }, position) => {
      if (step !== undefined) values.set(node, step(node.inputs.map(valueOf)))
      deaths[position]?.forEach((dead) => values.delete(dead))
    })
    return graph.outputs.map(valueOf)
  }

  return { run, kernels, hosted, segments }
}
