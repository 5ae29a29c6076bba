import { allocate } from '../../dtype.js'
import { showShape, sizeOf } from '../../shape.js'
import type { Sizes } from '../../shape.js'
import type { HostValue } from '../../value.js'
import type { Evaluation } from './evaluation.js'
import { made, operandAt, outputAt, Refused, rounded } from './evaluation.js'

/**
 * `[batch, middle, size, inner]` is x seen from `axis`, of which each batch has `count` indices; visits every contiguous row of
 * `inner` elements in x and in the gathered array. Throws `Refused` for an index out of range.
 */
const forEachRow = (
  primitive: string,
  whole: Sizes,
  axis: number,
  batchDims: number,
  indices: HostValue,
  visit: (wholeStart: number, gatheredStart: number, length: number) => void
): void => {
  const batch = sizeOf(whole.slice(0, batchDims))
  const middle = sizeOf(whole.slice(batchDims, axis))
  const size = whole[axis] ?? 0
  const inner = sizeOf(whole.slice(axis + 1))
  const count = sizeOf(indices.shape.slice(batchDims))
  indices.data.forEach((index, position) => {
    if (index < 0 || index >= size) {
      throw new Refused(primitive, `index ${index} at flat position ${position} is not in [0, ${size}), axis ${axis} of ${showShape(whole)}`)
    }
  })
  let gathered = 0
  for (let b = 0; b < batch; b++) {
    for (let m = 0; m < middle; m++) {
      const start = (b * middle + m) * size * inner
      for (let i = 0; i < count; i++) {
        visit(start + (indices.data[b * count + i] ?? 0) * inner, gathered, inner)
        gathered += inner
      }
    }
  }
}

export const gather: Evaluation<'gather'> = ({ axis, batchDims }, inputs, outputs, { precision }) => {
  const x = operandAt(inputs, 0)
  const { shape, dtype } = outputAt(outputs, 0)
  const data = allocate(dtype, sizeOf(shape), precision)
  forEachRow('gather', x.shape, axis, batchDims, operandAt(inputs, 1), (from, to, length) => {
    for (let i = 0; i < length; i++) data[to + i] = x.data[from + i] ?? 0
  })
  return [made(dtype, shape, data)]
}

/** Throws `Refused` where an index that a program promises to occur once occurs again within its batch. */
const requireUnique = (indices: HostValue, batchDims: number): void => {
  const count = sizeOf(indices.shape.slice(batchDims))
  for (let start = 0; start < indices.data.length; start += count) {
    const batch = indices.data.slice(start, start + count)
    if (new Set(batch).size < count) {
      throw new Refused('scatterAdd', `uniqueIndices is promised, and an index occurs again among ${Array.from(batch).join(', ')}`)
    }
  }
}

export const scatterAdd: Evaluation<'scatterAdd'> = ({ axis, batchDims, uniqueIndices }, inputs, outputs, context) => {
  if (uniqueIndices) requireUnique(operandAt(inputs, 0), batchDims)
  const updates = operandAt(inputs, 1)
  const { shape, dtype } = outputAt(outputs, 0)
  const sums = new Float64Array(sizeOf(shape))
  forEachRow('scatterAdd', shape, axis, batchDims, operandAt(inputs, 0), (to, from, length) => {
    for (let i = 0; i < length; i++) sums[to + i] = (sums[to + i] ?? 0) + (updates.data[from + i] ?? 0)
  })
  return [dtype === 'f32' ? rounded(shape, sums, context) : made('i32', shape, Int32Array.from(sums))]
}
