import { allocate } from '../../dtype.js'
import type { DataOf, Dtype, Precision } from '../../dtype.js'
import type { EvaluationError } from '../../errors.js'
import type { Graph } from '../../graph/graph.js'
import type { Abstract } from '../../node.js'
import type { Attributes, PrimitiveName } from '../../primitive.js'
import type { Sizes } from '../../shape.js'
import type { HostValue } from '../../value.js'

/** What an evaluation may use besides its operands. */
export interface Context {
  /** How `f32` results are stored; arithmetic inside a primitive is always double. */
  readonly precision: Precision
  /** Evaluates a closed sub-graph. Throws `Refused`. */
  readonly evaluate: (graph: Graph, inputs: readonly HostValue[]) => readonly HostValue[]
}

/**
 * The meaning of a primitive: the values of its outputs, whose shapes and types the shape rules have answered.
 * Operands' data is never written to, but may be shared with a result. Throws `Refused`.
 */
export type Evaluation<P extends PrimitiveName> = (
  attributes: Attributes[P],
  inputs: readonly HostValue[],
  outputs: readonly Abstract[],
  context: Context
) => readonly HostValue[]

/** Thrown inside the interpreter where a value is refused; `evaluate` turns it into an error value. */
export class Refused extends Error {
  override readonly name = 'Refused'
  readonly reason: EvaluationError
  constructor(primitive: string, message: string) {
    super(message)
    this.reason = { _tag: 'EvaluationError', primitive, message: `${primitive}: ${message}` }
  }
}

/** The operand at `index`, which the shape rules have checked to be there. */
export const operandAt = (inputs: readonly HostValue[], index: number): HostValue => {
  const input = inputs[index]
  if (input === undefined) throw new RangeError(`no operand ${index} among ${inputs.length}`)
  return input
}

/** The description of output `index`. */
export const outputAt = (outputs: readonly Abstract[], index: number): Abstract => {
  const output = outputs[index]
  if (output === undefined) throw new RangeError(`no output ${index} among ${outputs.length}`)
  return output
}

/** A value from data that the interpreter has just made for this shape. */
export const made = <D extends Dtype>(dtype: D, shape: Sizes, data: DataOf[D]): HostValue<D> => ({ kind: 'host', dtype, shape, data })

/** A `f32` value from sums in double precision, rounded once where the interpreter stores single precision. */
export const rounded = (shape: Sizes, sums: Float64Array, { precision }: Context): HostValue<'f32'> =>
  made('f32', shape, precision === 'double' ? sums : new Float32Array(sums))

/** A value of `shape` whose element i is `source[offsets[i]]`. */
export const picked = (source: HostValue, shape: Sizes, offsets: Int32Array, { precision }: Context): HostValue => {
  const data = allocate(source.dtype, offsets.length, precision)
  const from = source.data
  for (let i = 0; i < offsets.length; i++) data[i] = from[offsets[i] ?? 0] ?? 0
  return made(source.dtype, shape, data)
}
