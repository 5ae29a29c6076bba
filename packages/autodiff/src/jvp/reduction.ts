import { sizeOf } from '@tabula/tensor'
import { at, div, equal, indicator, mul, reduceSum } from '../expression.js'
import { alongside } from '../vjp/reduction.js'
import type { PushForward } from './rule.js'

/** The mean over the elements equal to the maximum, as in reverse mode they share the cotangent evenly. */
export const reduceMaxRule: PushForward<'reduceMax'> = ({
  attributes: { axes, keepDimensions },
  inputs,
  outputs,
  tangents: [t]
}) => {
  const x = at(inputs, 0)
  // The maximum of nothing is −∞, whatever moves.
  if (t === undefined || sizeOf(x.shape) === 0) return []
  const largest = indicator(equal(x, alongside(at(outputs, 0), x.shape, axes, keepDimensions)))
  return [div(reduceSum(mul(largest, t), axes, keepDimensions), reduceSum(largest, axes, keepDimensions))]
}
