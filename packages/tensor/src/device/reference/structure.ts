import { allocate } from '../../dtype.js'
import { sizeOf } from '../../shape.js'
import type { HostValue } from '../../value.js'
import type { Evaluation } from './evaluation.js'
import { made, operandAt } from './evaluation.js'

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

/** One element of the leading axis, in the same memory. */
const sliceOf = ({ dtype, shape, data }: HostValue, position: number): HostValue => {
  const slice = shape.slice(1)
  const size = sizeOf(slice)
  return made(dtype, slice, data.subarray(position * size, (position + 1) * size))
}

export const scan: Evaluation<'scan'> = ({ body, constants, carries, length, reverse }, inputs, outputs, { evaluate, precision }) => {
  const xs = inputs.slice(constants + carries)
  const ys = outputs.slice(carries).map(({ dtype, shape }) => made(dtype, shape, allocate(dtype, sizeOf(shape), precision)))
  let carried: readonly HostValue[] = inputs.slice(constants, constants + carries)
  for (let step = 0; step < length; step++) {
    const position = reverse ? length - 1 - step : step
    const results = evaluate(body, [...inputs.slice(0, constants), ...carried, ...xs.map((x) => sliceOf(x, position))])
    carried = results.slice(0, carries)
    results.slice(carries).forEach(({ data }, index) => ys[index]?.data.set(data, position * data.length))
  }
  return [...carried, ...ys]
}
