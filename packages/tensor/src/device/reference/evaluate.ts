import { either as E } from 'fp-ts'
import type { Either } from 'fp-ts/lib/Either.js'
import type { Precision } from '../../dtype.js'
import type { EvaluationError } from '../../errors.js'
import type { Graph } from '../../graph/graph.js'
import type { Abstract, AnyNode, Tensor } from '../../node.js'
import type { PrimitiveName } from '../../primitive.js'
import { sameShape, showShape } from '../../shape.js'
import type { HostValue } from '../../value.js'
import type { Context, Evaluation } from './evaluation.js'
import { Refused } from './evaluation.js'
import { evaluations } from './evaluations.js'

/** How the interpreter rounds. */
export interface EvaluateOptions {
  /**
   * `double` (default) holds `f32` in double precision and defines what a program means. `single` rounds every primitive's
   * `f32` results to single precision: an oracle for decisions (comparisons, orders) that a device takes on rounded numbers.
   */
  readonly precision?: Precision
}

/** The value in the interpreter's own storage. */
const stored = (value: HostValue, precision: Precision): HostValue => {
  if (value.dtype !== 'f32') return value
  const { data } = value
  if (precision === 'double') return data instanceof Float64Array ? value : { ...value, data: new Float64Array(data) }
  return data instanceof Float32Array ? value : { ...value, data: new Float32Array(data) }
}

const describe = ({ dtype, shape }: { readonly dtype: string; readonly shape: readonly number[] }): string => `${dtype}${showShape(shape)}`

/** Says which input does not fit the program; `undefined` where all do. */
export const mismatchedInput = (graph: Graph, inputs: readonly Abstract[]): { readonly operand: string; readonly expected: string; readonly found: string } | undefined => {
  if (inputs.length !== graph.inputs.length) {
    return { operand: 'inputs', expected: `${graph.inputs.length} values`, found: `${inputs.length}` }
  }
  for (const [index, parameter] of graph.inputs.entries()) {
    const value = inputs[index]
    if (value === undefined || value.dtype !== parameter.dtype || !sameShape(value.shape, parameter.shape)) {
      const name = parameter.node.primitive === 'input' ? ` "${parameter.node.attributes.name}"` : ''
      return { operand: `input ${index}${name}`, expected: describe(parameter), found: value === undefined ? 'nothing' : describe(value) }
    }
  }
  return undefined
}

/** For each position, the nodes whose last use it is. Results of the program are used to the end. */
export const deathsOf = ({ nodes, outputs }: Graph): readonly (readonly AnyNode[])[] => {
  const lastUse = new Map<AnyNode, number>()
  nodes.forEach((node, position) => {
    lastUse.set(node, position)
    node.inputs.forEach((input) => lastUse.set(input.node, position))
  })
  outputs.forEach((output) => lastUse.delete(output.node))
  const deaths: AnyNode[][] = nodes.map(() => [])
  lastUse.forEach((position, node) => deaths[position]?.push(node))
  return deaths
}

/** The outputs of one node for these operands. Throws `Refused`. */
export const evaluateNode = (node: AnyNode, operands: readonly HostValue[], precision: Precision): readonly HostValue[] => {
  const context: Context = { precision, evaluate: (inner, values) => run(inner, values, precision) }
  // The record is total and each entry takes its own attributes; the compiler cannot pair them for a union of nodes.
  const evaluation = evaluations[node.primitive] as Evaluation<PrimitiveName>
  const results = evaluation(node.attributes, operands, node.outputs, context)
  return node.primitive === 'constant' ? results.map((result) => stored(result, precision)) : results
}

const run = (graph: Graph, inputs: readonly HostValue[], precision: Precision): readonly HostValue[] => {
  const values = new Map<AnyNode, readonly HostValue[]>()
  graph.inputs.forEach(({ node }, index) => {
    const input = inputs[index]
    if (input !== undefined) values.set(node, [input])
  })
  const valueOf = ({ node, index }: Tensor): HostValue => {
    const value = values.get(node)?.[index]
    if (value === undefined) throw new ReferenceError(`output ${index} of ${node.primitive} is used before it is computed`)
    return value
  }
  const deaths = deathsOf(graph)
  graph.nodes.forEach((node, position) => {
    if (!values.has(node)) values.set(node, evaluateNode(node, node.inputs.map(valueOf), precision))
    deaths[position]?.forEach((dead) => values.delete(dead))
  })
  return graph.outputs.map(valueOf)
}

/**
 * The outputs of a program for these inputs, synchronously. Intermediate values are dropped after their last use.
 * `Left` where the inputs do not fit the program or a primitive refuses a value, such as an index out of range.
 */
export const evaluate = (graph: Graph, inputs: readonly HostValue[], { precision = 'double' }: EvaluateOptions = {}): Either<EvaluationError, readonly HostValue[]> => {
  const mismatch = mismatchedInput(graph, inputs)
  if (mismatch !== undefined) {
    const { operand, expected, found } = mismatch
    return E.left({ _tag: 'EvaluationError', primitive: 'input', message: `${operand}: expected ${expected}, found ${found}` })
  }
  try {
    return E.right(run(graph, inputs.map((input) => stored(input, precision)), precision))
  } catch (thrown) {
    if (thrown instanceof Refused) return E.left(thrown.reason)
    throw thrown
  }
}
