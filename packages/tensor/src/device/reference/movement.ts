import { allocate } from '../../dtype.js'
import { sizeOf, stridesOf } from '../../shape.js'
import { bitsOf } from '../../random/threefry.js'
import type { Evaluation } from './evaluation.js'
import { made, operandAt, outputAt, picked } from './evaluation.js'
import { around, broadcastStrides, offsetsOf } from './offsets.js'

export const iota: Evaluation<'iota'> = ({ shape, dtype, axis }, _inputs, _outputs, { precision }) => {
  const { size, inner } = around(shape, axis)
  const data = allocate(dtype, sizeOf(shape), precision)
  for (let i = 0; i < data.length; i++) data[i] = Math.floor(i / inner) % size
  return [made(dtype, shape, data)]
}

export const randomBits: Evaluation<'randomBits'> = ({ shape }, inputs) => {
  const [high = 0, low = 0] = operandAt(inputs, 0).data
  return [made('u32', shape, bitsOf([high, low], sizeOf(shape)))]
}

export const reshape: Evaluation<'reshape'> = ({ shape }, inputs) => [{ ...operandAt(inputs, 0), shape }]

export const transpose: Evaluation<'transpose'> = ({ permutation }, inputs, outputs, context) => {
  const x = operandAt(inputs, 0)
  const strides = stridesOf(x.shape)
  const { shape } = outputAt(outputs, 0)
  return [picked(x, shape, offsetsOf(shape, permutation.map((axis) => strides[axis] ?? 0)), context)]
}

export const broadcastTo: Evaluation<'broadcastTo'> = ({ shape }, inputs, _outputs, context) => {
  const x = operandAt(inputs, 0)
  return [picked(x, shape, offsetsOf(shape, broadcastStrides(x.shape, shape)), context)]
}

export const slice: Evaluation<'slice'> = ({ start, stride }, inputs, outputs, context) => {
  const x = operandAt(inputs, 0)
  const strides = stridesOf(x.shape)
  const { shape } = outputAt(outputs, 0)
  const base = start.reduce((sum, index, axis) => sum + index * (strides[axis] ?? 0), 0)
  return [picked(x, shape, offsetsOf(shape, strides.map((s, axis) => s * (stride[axis] ?? 1)), base), context)]
}

export const pad: Evaluation<'pad'> = ({ low, interior, value }, inputs, outputs, { precision }) => {
  const x = operandAt(inputs, 0)
  const { shape, dtype } = outputAt(outputs, 0)
  const strides = stridesOf(shape)
  const base = low.reduce((sum, amount, axis) => sum + amount * (strides[axis] ?? 0), 0)
  const places = offsetsOf(x.shape, strides.map((s, axis) => s * (1 + (interior[axis] ?? 0))), base)
  const data = allocate(dtype, sizeOf(shape), precision)
  data.fill(dtype === 'bool' && value !== 0 ? 1 : value)
  const from = x.data
  for (let i = 0; i < places.length; i++) data[places[i] ?? 0] = from[i] ?? 0
  return [made(dtype, shape, data)]
}

export const concatenate: Evaluation<'concatenate'> = ({ axis }, inputs, outputs, { precision }) => {
  const { shape, dtype } = outputAt(outputs, 0)
  const { outer, size, inner } = around(shape, axis)
  const data = allocate(dtype, sizeOf(shape), precision)
  let start = 0
  for (const input of inputs) {
    const length = (input.shape[axis] ?? 0) * inner
    for (let o = 0; o < outer; o++) data.set(input.data.subarray(o * length, (o + 1) * length), o * size * inner + start)
    start += length
  }
  return [made(dtype, shape, data)]
}

export const reverse: Evaluation<'reverse'> = ({ axes }, inputs, _outputs, context) => {
  const x = operandAt(inputs, 0)
  const strides = stridesOf(x.shape)
  const reversed = new Set(axes)
  const base = axes.reduce((sum, axis) => sum + Math.max(0, (x.shape[axis] ?? 0) - 1) * (strides[axis] ?? 0), 0)
  return [picked(x, x.shape, offsetsOf(x.shape, strides.map((s, axis) => (reversed.has(axis) ? -s : s)), base), context)]
}
