import { DtypeError } from '../errors.js'
import type { Abstract } from '../node.js'
import type { Attributes } from '../primitive.js'
import { broadcastShapes, sameShape, showShape, sizeOf } from '../shape.js'
import { operand, require } from './checks.js'

type Inputs = readonly Abstract[]
type Outputs = readonly Abstract[]

export const reshape = ({ shape }: Attributes['reshape'], inputs: Inputs): Outputs => {
  const x = operand('reshape', inputs, 0)
  require(sizeOf(shape) === sizeOf(x.shape) && shape.every((size) => Number.isInteger(size) && size >= 0), 'reshape', 'shape', `${sizeOf(x.shape)} elements as in ${showShape(x.shape)}`, showShape(shape))
  return [{ shape, dtype: x.dtype }]
}

export const transpose = ({ permutation }: Attributes['transpose'], inputs: Inputs): Outputs => {
  const x = operand('transpose', inputs, 0)
  const sorted = [...permutation].sort((a, b) => a - b)
  require(permutation.length === x.shape.length && sorted.every((axis, position) => axis === position), 'transpose', 'permutation', `a permutation of the ${x.shape.length} axes of ${showShape(x.shape)}`, showShape(permutation))
  return [{ shape: permutation.map((axis) => x.shape[axis] ?? 0), dtype: x.dtype }]
}

export const broadcastTo = ({ shape }: Attributes['broadcastTo'], inputs: Inputs): Outputs => {
  const x = operand('broadcastTo', inputs, 0)
  require(sameShape(broadcastShapes('broadcastTo', shape, x.shape), shape), 'broadcastTo', 'shape', `a shape that ${showShape(x.shape)} broadcasts to`, showShape(shape))
  return [{ shape, dtype: x.dtype }]
}

export const slice = ({ start, limit, stride }: Attributes['slice'], inputs: Inputs): Outputs => {
  const x = operand('slice', inputs, 0)
  const rank = x.shape.length
  require(start.length === rank && limit.length === rank && stride.length === rank, 'slice', 'start, limit and stride', `${rank} numbers each for ${showShape(x.shape)}`, `${start.length}, ${limit.length} and ${stride.length}`)
  const shape = x.shape.map((size, axis) => {
    const [from, to, step] = [start[axis] ?? 0, limit[axis] ?? 0, stride[axis] ?? 1]
    require(from >= 0 && from <= to && to <= size && step >= 1 && Number.isInteger(from) && Number.isInteger(to) && Number.isInteger(step), 'slice', `axis ${axis} of ${showShape(x.shape)}`, `0 ≤ start ≤ limit ≤ ${size} and stride ≥ 1`, `start ${from}, limit ${to}, stride ${step}`)
    return Math.ceil((to - from) / step)
  })
  return [{ shape, dtype: x.dtype }]
}

export const pad = ({ low, high, interior }: Attributes['pad'], inputs: Inputs): Outputs => {
  const x = operand('pad', inputs, 0)
  const rank = x.shape.length
  require([low, high, interior].every((amounts) => amounts.length === rank && amounts.every((amount) => Number.isInteger(amount) && amount >= 0)), 'pad', 'low, high and interior', `${rank} non-negative integers each for ${showShape(x.shape)}`, `${showShape(low)}, ${showShape(high)} and ${showShape(interior)}`)
  const shape = x.shape.map((size, axis) => (low[axis] ?? 0) + (high[axis] ?? 0) + size + Math.max(0, size - 1) * (interior[axis] ?? 0))
  return [{ shape, dtype: x.dtype }]
}

export const concatenate = ({ axis }: Attributes['concatenate'], inputs: Inputs): Outputs => {
  const first = operand('concatenate', inputs, 0)
  require(axis >= 0 && axis < first.shape.length, 'concatenate', 'axis', `an axis of ${showShape(first.shape)}`, String(axis))
  inputs.forEach((input, index) => {
    if (input.dtype !== first.dtype) throw new DtypeError({ operation: 'concatenate', operand: `operand ${index}`, expected: first.dtype, found: input.dtype })
    const fits = input.shape.length === first.shape.length && input.shape.every((size, a) => a === axis || size === first.shape[a])
    require(fits, 'concatenate', `operand ${index}`, `the shape ${showShape(first.shape)} but for axis ${axis}`, showShape(input.shape))
  })
  const joined = inputs.reduce((sum, input) => sum + (input.shape[axis] ?? 0), 0)
  return [{ shape: first.shape.map((size, a) => (a === axis ? joined : size)), dtype: first.dtype }]
}

export const reverse = ({ axes }: Attributes['reverse'], inputs: Inputs): Outputs => {
  const x = operand('reverse', inputs, 0)
  require(axes.every((axis) => axis >= 0 && axis < x.shape.length) && new Set(axes).size === axes.length, 'reverse', 'axes', `different axes of ${showShape(x.shape)}`, showShape(axes))
  return [{ shape: x.shape, dtype: x.dtype }]
}
