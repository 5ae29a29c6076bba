import { allocate } from '../../dtype.js'
import type { Dtype } from '../../dtype.js'
import { sameShape } from '../../shape.js'
import type { Sizes } from '../../shape.js'
import type { HostValue } from '../../value.js'
import type { Evaluation } from './evaluation.js'
import { made, operandAt, outputAt, Refused } from './evaluation.js'
import { broadcastStrides, offsetsOf } from './offsets.js'

type UnaryName = 'neg' | 'abs' | 'sign' | 'floor' | 'ceil' | 'round' | 'exp' | 'expm1' | 'log' | 'log1p' | 'sqrt' | 'sin' | 'cos' | 'tanh' | 'sigmoid' | 'erf' | 'relu' | 'not'
type BinaryName = 'add' | 'sub' | 'mul' | 'div' | 'rem' | 'pow' | 'maximum' | 'minimum' | 'atan2' | 'equal' | 'less' | 'lessEqual' | 'and' | 'or'

/** A function of one number applied to every element. Integer results wrap, as typed arrays do. */
export const unary =
  (f: (x: number) => number): Evaluation<UnaryName> =>
  (_attributes, inputs, outputs, { precision }) => {
    const x = operandAt(inputs, 0)
    const { dtype, shape } = outputAt(outputs, 0)
    const from = x.data
    const data = allocate(dtype, from.length, precision)
    for (let i = 0; i < from.length; i++) data[i] = f(from[i] ?? 0)
    return [made(dtype, shape, data)]
  }

/** Offsets with which an operand reads as `shape`; `undefined` where it already has that shape. */
const broadcastOffsets = (x: HostValue, shape: Sizes): Int32Array | undefined =>
  sameShape(x.shape, shape) ? undefined : offsetsOf(shape, broadcastStrides(x.shape, shape))

/** A function of two numbers applied to every pair of a broadcast. */
export const binary =
  (f: (a: number, b: number, dtype: Dtype) => number): Evaluation<BinaryName> =>
  (_attributes, inputs, outputs, { precision }) => {
    const a = operandAt(inputs, 0)
    const b = operandAt(inputs, 1)
    const { dtype, shape } = outputAt(outputs, 0)
    const operandDtype = a.dtype
    const offsetsA = broadcastOffsets(a, shape)
    const offsetsB = broadcastOffsets(b, shape)
    const fromA = a.data
    const fromB = b.data
    const count = shape.reduce((product, size) => product * size, 1)
    const data = allocate(dtype, count, precision)
    for (let i = 0; i < count; i++) {
      const x = fromA[offsetsA === undefined ? i : (offsetsA[i] ?? 0)] ?? 0
      const y = fromB[offsetsB === undefined ? i : (offsetsB[i] ?? 0)] ?? 0
      data[i] = f(x, y, operandDtype)
    }
    return [made(dtype, shape, data)]
  }

/** Product; of integers modulo 2³². */
export const multiply = (a: number, b: number, dtype: Dtype): number => (dtype === 'f32' ? a * b : Math.imul(a, b))

/** Quotient; of integers truncated toward zero. Throws `Refused` for an integer divided by zero. */
export const divide = (a: number, b: number, dtype: Dtype): number => {
  if (dtype === 'f32') return a / b
  if (b === 0) throw new Refused('div', `division of the ${dtype} ${a} by zero`)
  return Math.trunc(a / b)
}

/** Remainder with the dividend's sign. Throws `Refused` for an integer divided by zero. */
export const remainder = (a: number, b: number, dtype: Dtype): number => {
  if (dtype !== 'f32' && b === 0) throw new Refused('rem', `remainder of the ${dtype} ${a} divided by zero`)
  return a % b
}

/** Elements of the second operand where the first is true, of the third elsewhere. */
export const select: Evaluation<'select'> = (_attributes, inputs, outputs, { precision }) => {
  const { dtype, shape } = outputAt(outputs, 0)
  const [condition, whenTrue, whenFalse] = [operandAt(inputs, 0), operandAt(inputs, 1), operandAt(inputs, 2)]
  const [offsetsC, offsetsT, offsetsF] = [broadcastOffsets(condition, shape), broadcastOffsets(whenTrue, shape), broadcastOffsets(whenFalse, shape)]
  const [fromC, fromT, fromF] = [condition.data, whenTrue.data, whenFalse.data]
  const count = shape.reduce((product, size) => product * size, 1)
  const data = allocate(dtype, count, precision)
  for (let i = 0; i < count; i++) {
    const chosen = fromC[offsetsC === undefined ? i : (offsetsC[i] ?? 0)] !== 0
    data[i] = chosen
      ? (fromT[offsetsT === undefined ? i : (offsetsT[i] ?? 0)] ?? 0)
      : (fromF[offsetsF === undefined ? i : (offsetsF[i] ?? 0)] ?? 0)
  }
  return [made(dtype, shape, data)]
}

const converters: { readonly [D in Dtype]: (x: number, from: Dtype) => number } = {
  f32: (x) => x,
  // Real numbers truncate and saturate (NaN is 0), so that every device can agree; integers keep their low 32 bits.
  i32: (x, from) => (from === 'f32' ? Math.min(Math.max(Math.trunc(x), -0x8000_0000), 0x7fff_ffff) : x),
  u32: (x, from) => (from === 'f32' ? Math.min(Math.max(Math.trunc(x), 0), 0xffff_ffff) : x),
  bool: (x) => (x !== 0 ? 1 : 0)
}

/** Elements in another type. */
export const cast: Evaluation<'cast'> = ({ dtype }, inputs, outputs, { precision }) => {
  const x = operandAt(inputs, 0)
  const convert = converters[dtype]
  const from = x.data
  const data = allocate(dtype, from.length, precision)
  for (let i = 0; i < from.length; i++) data[i] = convert(from[i] ?? 0, x.dtype)
  return [made(dtype, outputAt(outputs, 0).shape, data)]
}
