import type { Dtype } from '../dtype.js'
import type { Abstract } from '../node.js'
import type { Attributes } from '../primitive.js'
import { showShape } from '../shape.js'
import { operand, require, requireDtype } from './checks.js'

/** Shape rule of a reduction over sorted, non-negative axes. */
export const reduction =
  (operation: string, ...allowed: readonly Dtype[]) =>
  ({ axes, keepDimensions }: Attributes['reduceSum'], inputs: readonly Abstract[]): readonly Abstract[] => {
    const x = operand(operation, inputs, 0)
    requireDtype(operation, 'operand', x, ...allowed)
    const valid = axes.every((axis, position) => axis >= 0 && axis < x.shape.length && (position === 0 || axis > (axes[position - 1] ?? 0)))
    require(valid, operation, 'axes', `ascending axes of ${showShape(x.shape)}`, showShape(axes))
    const reduced = new Set(axes)
    const shape = keepDimensions
      ? x.shape.map((size, axis) => (reduced.has(axis) ? 1 : size))
      : x.shape.filter((_, axis) => !reduced.has(axis))
    return [{ shape, dtype: x.dtype }]
  }

export const argmax = ({ axis }: Attributes['argmax'], inputs: readonly Abstract[]): readonly Abstract[] => {
  const x = operand('argmax', inputs, 0)
  requireDtype('argmax', 'operand', x, 'f32', 'i32')
  require(axis >= 0 && axis < x.shape.length && (x.shape[axis] ?? 0) > 0, 'argmax', 'axis', `a non-empty axis of ${showShape(x.shape)}`, String(axis))
  return [{ shape: x.shape.filter((_, a) => a !== axis), dtype: 'i32' }]
}
