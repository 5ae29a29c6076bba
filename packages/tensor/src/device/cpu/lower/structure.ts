import type { Graph } from '../../../graph/graph.js'
import { sizeOf } from '../../../shape.js'
import type { OnnxBuilder } from '../onnx/builder.js'
import { bytesOf } from '../onnx/builder.js'
import { dataTypeCode } from '../onnx/schema.js'
import type { GraphMessage } from '../onnx/schema.js'
import { dimensionsOf, elementType, plainly, plainValue } from './lowered.js'
import type { Lowered } from './lowered.js'
import { operandAt } from './lowering.js'
import type { Lowering } from './lowering.js'

/** The operand itself. With one replica, its sum over replicas is the operand too. */
export const identity: Lowering<'stopGradient' | 'allReduce'> = (_context, _node, inputs) => [operandAt(inputs, 0)]

/** A false that the engine can compute only after `x`, and does not know to be false. */
const falseAfter = (builder: OnnxBuilder, x: Lowered): string => {
  const flat = builder.op('Reshape', [x.value, builder.ints([-1])])
  const first = builder.op('Slice', [flat, builder.ints([0]), builder.ints([1])])
  const truth = builder.op('Cast', [first], { to: dataTypeCode.bool })
  return builder.op('And', [truth, builder.initializer('bool', [1], Uint8Array.of(0))])
}

/**
 * The operands, not to be computed before the dependency: a zero that comes from it is added to each. The engine neither folds
 * that away nor merges what is computed from it with equal expressions.
 */
export const barrier: Lowering<'barrier'> = ({ builder }, _node, inputs) => {
  const dependency = operandAt(inputs, inputs.length - 1)
  const operands = inputs.slice(0, -1)
  if (sizeOf(dependency.stored) === 0) return operands
  const never = falseAfter(builder, dependency)
  return operands.map((x) => {
    const zero = x.dtype === 'bool' ? never : builder.op('Cast', [never], { to: dataTypeCode[elementType[x.dtype]] })
    return { ...x, value: builder.fresh(x.dtype === 'bool' ? 'Or' : 'Add', [x.value, zero]) }
  })
}

/** Programs are split at host functions before they are lowered. */
export const host: Lowering<'host'> = (_context, { attributes: { name } }) => {
  throw new ReferenceError(`the host function "${name}" is in the middle of a segment`)
}

export const call: Lowering<'call'> = ({ inline, builder }, { attributes: { graph } }, inputs) => inline(graph, inputs, builder)

/** A branch of an `If`: its outputs are laid out as the program says, because both branches must agree. */
const branchGraph = (builder: OnnxBuilder, outputs: Graph['outputs'], compute: (inner: OnnxBuilder) => readonly string[]): GraphMessage => {
  const inner = builder.branch()
  const values = compute(inner)
  outputs.forEach((output, index) => {
    inner.output(values[index] ?? '', inner.name(), elementType[output.dtype], dimensionsOf(plainly('', output)))
  })
  return inner.graph()
}

/** The branch of an index: an `If` for the first branch, on whose other side is the same for the rest. */
export const cond: Lowering<'cond'> = ({ builder: outer, inline }, { attributes: { branches }, outputs }, inputs) => {
  const index = plainValue(outer, operandAt(inputs, 0))
  const operands = inputs.slice(1)
  const compute = (graph: Graph, builder: OnnxBuilder): readonly string[] => inline(graph, operands, builder).map((x) => plainValue(builder, x))
  const choose = (builder: OnnxBuilder, first: number): readonly string[] => {
    const branch = branches[first]
    if (branch === undefined) return []
    if (first === branches.length - 1) return compute(branch, builder)
    const isFirst = builder.op('LessOrEqual', [index, builder.initializer('int32', [1], bytesOf('int32', [first]))])
    return builder.ops('If', [isFirst], branch.outputs.length, {
      then_branch: { graph: branchGraph(builder, branch.outputs, (inner) => compute(branch, inner)) },
      else_branch: { graph: branchGraph(builder, branch.outputs, (inner) => choose(inner, first + 1)) }
    })
  }
  const values = choose(outer, 0)
  return outputs.map((output, k) => plainly(values[k] ?? '', output))
}
