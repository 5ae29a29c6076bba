import type { Evaluation } from './evaluation.js'
import { operandAt } from './evaluation.js'

/** The first operand itself. */
export const identity: Evaluation<'stopGradient' | 'allReduce'> = (_attributes, inputs) => [operandAt(inputs, 0)]

export const barrier: Evaluation<'barrier'> = (_attributes, inputs) => inputs.slice(0, -1)

export const call: Evaluation<'call'> = ({ graph }, inputs, _outputs, { evaluate }) => evaluate(graph, inputs)

export const cond: Evaluation<'cond'> = ({ branches }, inputs, _outputs, { evaluate }) => {
  const [index = 0] = operandAt(inputs, 0).data
  const branch = branches[Math.min(Math.max(index, 0), branches.length - 1)]
  if (branch === undefined) throw new RangeError('cond without branches')
  return evaluate(branch, inputs.slice(1))
}
