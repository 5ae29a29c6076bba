import type { Sizes, Tensor } from '@tabula/tensor'
import { at, broadcastTo, div, equal, indicator, mul, reduceSum, reshape } from '../expression.js'
import type { PullBack } from './rule.js'

/** A reduction's result in a shape that broadcasts against its operand: unchanged where only leading axes went. */
export const alongside = (reduced: Tensor, shape: Sizes, axes: readonly number[], keepDimensions: boolean): Tensor => {
  const leading = axes.every((axis, position) => axis === position)
  return keepDimensions || leading
    ? reduced
    : reshape(
        reduced,
        shape.map((size, axis) => (axes.includes(axis) ? 1 : size))
      )
}

/** The cotangent repeated along the summed axes. */
export const reduceSumRule: PullBack<'reduceSum'> = ({ attributes: { axes, keepDimensions }, inputs, cotangents: [c] }) => {
  if (c === undefined) return []
  const { shape } = at(inputs, 0)
  return [broadcastTo(alongside(c, shape, axes, keepDimensions), shape)]
}

/** Shared evenly by the elements equal to the maximum (PyTorch's `amax`). */
export const reduceMaxRule: PullBack<'reduceMax'> = ({
  attributes: { axes, keepDimensions },
  inputs,
  outputs,
  cotangents: [c]
}) => {
  if (c === undefined) return []
  const x = at(inputs, 0)
  const beside = (reduced: Tensor): Tensor => alongside(reduced, x.shape, axes, keepDimensions)
  const largest = indicator(equal(x, beside(at(outputs, 0))))
  const count = reduceSum(largest, axes, keepDimensions)
  return [mul(largest, beside(div(c, count)))]
}
