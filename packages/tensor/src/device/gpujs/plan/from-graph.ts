import type { Graph } from '../../../graph/graph.js'
import type { AnyNode, Tensor } from '../../../node.js'
import type { PrimitiveName } from '../../../primitive.js'
import { sizeOf } from '../../../shape.js'
import { evaluateNode } from '../../reference/evaluate.js'
import { deviceName, mostFlatElements } from '../engine/engine.js'
import { hostReason } from '../lower/lowering.js'
import type { Lowered, Lowering } from '../lower/lowering.js'
import { lowerings } from '../lower/lowerings.js'
import type { Program, ProgramStep, Slot } from '../lower/recipe.js'

/** Thrown while a program is planned that holds more elements than its kernels index. */
export class TooLarge extends Error {
  override readonly name = 'TooLarge'
  readonly primitive: string
  constructor(primitive: string, elements: number) {
    super(`${primitive} has ${elements} elements; ${deviceName} indexes with f32 and therefore at most ${mostFlatElements}`)
    this.primitive = primitive
  }
}

const loweringOf = (node: AnyNode): Lowered => {
  const inputs = node.inputs.map(({ shape, dtype }) => ({ shape, dtype }))
  // The record is total and each entry takes its own attributes; the compiler cannot pair them for a union of nodes.
  const lowered = (lowerings[node.primitive] as Lowering<PrimitiveName>)(node.attributes, inputs, node.outputs)
  const reason = hostReason(inputs, node.outputs)
  return lowered._tag === 'kernels' && reason !== undefined ? { _tag: 'host', reason } : lowered
}

/** A graph as steps for an engine, one node after the other; `call`s are inlined. Throws `TooLarge`. */
export const programOf = (graph: Graph): Program => {
  const slots: Program['slots'][number][] = []
  const steps: ProgramStep[] = []
  const fresh = (type: Program['slots'][number]): Slot => slots.push({ shape: type.shape, dtype: type.dtype }) - 1

  const within = ({ inputs, nodes, outputs }: Graph, parameters: readonly Slot[]): readonly Slot[] => {
    const known = new Map<AnyNode, readonly Slot[]>()
    inputs.forEach(({ node }, index) => {
      const slot = parameters[index]
      if (slot !== undefined) known.set(node, [slot])
    })
    const slotOf = ({ node, index }: Tensor): Slot => {
      const slot = known.get(node)?.[index]
      if (slot === undefined) throw new ReferenceError(`output ${index} of ${node.primitive} is used before it is computed`)
      return slot
    }
    nodes.forEach((node) => {
      if (!known.has(node)) known.set(node, placed(node, node.inputs.map(slotOf)))
    })
    return outputs.map(slotOf)
  }

  const placed = (node: AnyNode, operands: readonly Slot[]): readonly Slot[] => {
    const lowered = loweringOf(node)
    switch (lowered._tag) {
      case 'alias':
        return node.outputs.flatMap((output, index) => {
          const operand = operands[index]
          if (operand === undefined) return []
          const result = fresh(output)
          steps.push({ _tag: 'alias', operand, result })
          return [result]
        })
      case 'kernels': {
        for (const { shape } of [...node.inputs, ...node.outputs]) {
          if (sizeOf(shape) > mostFlatElements) throw new TooLarge(node.primitive, sizeOf(shape))
        }
        return lowered.kernels.reduce<readonly Slot[]>((seats, { source, length }, index) => {
          if (length > mostFlatElements) throw new TooLarge(node.primitive, length)
          const [output] = node.outputs
          const result = fresh(index === lowered.kernels.length - 1 && output !== undefined ? output : { shape: [length], dtype: 'f32' })
          steps.push({ _tag: 'kernel', kernel: { source, arrays: seats.length, scalars: [], elements: length, output: [length] }, operands: seats, result, primitive: node.primitive })
          return [result]
        }, operands)
      }
      case 'host': {
        const results = node.outputs.map(fresh)
        const [result] = results
        if (operands.length === 0 && result !== undefined && results.length === 1) {
          const [value] = evaluateNode(node, [], 'single')
          if (value !== undefined) steps.push({ _tag: 'constant', value, result })
        } else {
          steps.push({ _tag: 'host', primitive: node.primitive, reason: lowered.reason, operands, results, run: (values) => evaluateNode(node, values, 'single') })
        }
        return results
      }
      case 'subgraph': {
        if (node.primitive === 'call') return within(node.attributes.graph, operands)
        const [index, ...rest] = operands
        if (node.primitive !== 'cond' || index === undefined) throw new ReferenceError(`${node.primitive} has no sub-graph`)
        const results = node.outputs.map(fresh)
        steps.push({ _tag: 'branch', index, operands: rest, results, branches: node.attributes.branches.map(programOf) })
        return results
      }
    }
  }

  const inputs = graph.inputs.map(fresh)
  const outputs = within(graph, inputs)
  return { inputs, outputs, slots, steps }
}
