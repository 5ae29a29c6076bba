import { sizeOf, stridesOf } from '../../shape.js'
import type { HostValue } from '../../value.js'
import type { Evaluation } from './evaluation.js'
import { made, operandAt, outputAt, rounded } from './evaluation.js'
import { around, offsetsOf } from './offsets.js'

/** For every element, the place of the result that it contributes to. */
const destinations = ({ shape }: HostValue, axes: readonly number[]): Int32Array => {
  const reduced = new Set(axes)
  const kept = stridesOf(shape.map((size, axis) => (reduced.has(axis) ? 1 : size)))
  return offsetsOf(shape, shape.map((_, axis) => (reduced.has(axis) ? 0 : (kept[axis] ?? 0))))
}

export const reduceSum: Evaluation<'reduceSum'> = ({ axes }, inputs, outputs, context) => {
  const x = operandAt(inputs, 0)
  const { shape, dtype } = outputAt(outputs, 0)
  const places = destinations(x, axes)
  const from = x.data
  if (dtype !== 'f32') {
    const sums = new Int32Array(sizeOf(shape))
    for (let i = 0; i < places.length; i++) sums[places[i] ?? 0] = (sums[places[i] ?? 0] ?? 0) + (from[i] ?? 0)
    return [made('i32', shape, sums)]
  }
  const sums = new Float64Array(sizeOf(shape))
  for (let i = 0; i < places.length; i++) {
    const place = places[i] ?? 0
    sums[place] = (sums[place] ?? 0) + (from[i] ?? 0)
  }
  return [rounded(shape, sums, context)]
}

export const reduceMax: Evaluation<'reduceMax'> = ({ axes }, inputs, outputs, context) => {
  const x = operandAt(inputs, 0)
  const { shape, dtype } = outputAt(outputs, 0)
  const places = destinations(x, axes)
  const from = x.data
  const largest = new Float64Array(sizeOf(shape)).fill(dtype === 'f32' ? -Infinity : -0x8000_0000)
  for (let i = 0; i < places.length; i++) {
    const place = places[i] ?? 0
    const value = from[i] ?? 0
    if (value > (largest[place] ?? 0) || Number.isNaN(value)) largest[place] = value
  }
  return [dtype === 'f32' ? rounded(shape, largest, context) : made('i32', shape, Int32Array.from(largest))]
}

export const argmax: Evaluation<'argmax'> = ({ axis }, inputs, outputs) => {
  const x = operandAt(inputs, 0)
  const { outer, size, inner } = around(x.shape, axis)
  const from = x.data
  const winners = new Int32Array(outer * inner)
  for (let o = 0; o < outer; o++) {
    for (let i = 0; i < inner; i++) {
      let winner = 0
      let largest = from[o * size * inner + i] ?? 0
      for (let k = 1; k < size && !Number.isNaN(largest); k++) {
        const value = from[(o * size + k) * inner + i] ?? 0
        if (value > largest || Number.isNaN(value)) {
          winner = k
          largest = value
        }
      }
      winners[o * inner + i] = winner
    }
  }
  return [made('i32', outputAt(outputs, 0).shape, winners)]
}
