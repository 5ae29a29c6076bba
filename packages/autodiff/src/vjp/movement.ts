import { bind, sizeOf } from '@tabula/tensor'
import { at, reshape, unbroadcast, zerosLike } from '../expression.js'
import type { PullBack } from './rule.js'

/** The cotangent in the operand's shape. */
export const reshapeRule: PullBack<'reshape'> = ({ inputs, cotangents: [c] }) =>
  c === undefined ? [] : [reshape(c, at(inputs, 0).shape)]

/** The inverse permutation. */
export const transposeRule: PullBack<'transpose'> = ({ attributes: { permutation }, cotangents: [c] }) => {
  if (c === undefined) return []
  const inverse = permutation.map((_, axis) => permutation.indexOf(axis))
  return [bind('transpose', { permutation: inverse }, c)]
}

/** Sums over the repeated axes. */
export const broadcastToRule: PullBack<'broadcastTo'> = ({ inputs, cotangents: [c] }) =>
  c === undefined ? [] : [unbroadcast(c, at(inputs, 0).shape)]

/** Zeros around and between the elements that were taken. */
export const sliceRule: PullBack<'slice'> = ({ attributes: { start, stride }, inputs, cotangents: [c] }) => {
  if (c === undefined) return []
  const x = at(inputs, 0)
  if (sizeOf(c.shape) === 0) return [zerosLike(x)]
  const taken = c.shape.map((count, axis) => (count - 1) * (stride[axis] ?? 1) + 1)
  const low = start
  const high = x.shape.map((size, axis) => size - (start[axis] ?? 0) - (taken[axis] ?? 0))
  const interior = stride.map((step) => step - 1)
  const whole = [...low, ...high, ...interior].every((amount) => amount === 0)
  return [whole ? c : bind('pad', { low, high, interior, value: 0 }, c)]
}

/** The elements that were not added. */
export const padRule: PullBack<'pad'> = ({ attributes: { low, interior }, inputs, cotangents: [c] }) => {
  if (c === undefined) return []
  const x = at(inputs, 0)
  if (sizeOf(x.shape) === 0) return [zerosLike(x)]
  const stride = interior.map((amount) => amount + 1)
  const limit = x.shape.map((size, axis) => (low[axis] ?? 0) + (size - 1) * (stride[axis] ?? 1) + 1)
  return [bind('slice', { start: low, limit, stride }, c)]
}

/** Each operand's part. */
export const concatenateRule: PullBack<'concatenate'> = ({ attributes: { axis }, inputs, cotangents: [c], wanted }) => {
  if (c === undefined) return []
  const stride = c.shape.map(() => 1)
  let from = 0
  return inputs.map((input, index) => {
    const to = from + (input.shape[axis] ?? 0)
    const start = c.shape.map((_, a) => (a === axis ? from : 0))
    const limit = c.shape.map((size, a) => (a === axis ? to : size))
    from = to
    return wanted[index] === true ? bind('slice', { start, limit, stride }, c) : undefined
  })
}

/** Reversed back. */
export const reverseRule: PullBack<'reverse'> = ({ attributes, cotangents: [c] }) =>
  c === undefined ? [] : [bind('reverse', attributes, c)]
