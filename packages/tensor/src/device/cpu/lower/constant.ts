import type { Dtype } from '../../../dtype.js'
import { sizeOf } from '../../../shape.js'
import type { HostValue } from '../../../value.js'
import type { OnnxBuilder } from '../onnx/builder.js'
import { bytesOf } from '../onnx/builder.js'
import { axesOf, elementType, plainly } from './lowered.js'
import type { Lowered } from './lowered.js'
import { outputAt } from './lowering.js'
import type { Lowering } from './lowering.js'

/** Little-endian bytes of a value's data as the engine's element type. */
const bytesOfValue = ({ dtype, data }: HostValue): Uint8Array => {
  if (dtype === 'u32') return bytesOf('int64', Array.from(data))
  const typed = data instanceof Float64Array ? Float32Array.from(data) : data
  return new Uint8Array(typed.buffer, typed.byteOffset, typed.byteLength)
}

/** A tensor of one element everywhere, of which one is stored. */
export const uniform = (builder: OnnxBuilder, value: number, dtype: Dtype, shape: readonly number[]): Lowered => {
  const type = elementType[dtype]
  if (sizeOf(shape) === 0) return plainly(builder.filled(type, shape, value), { shape, dtype })
  const ones = shape.map(() => 1)
  return { ...plainly(builder.initializer(type, shape.length === 0 ? [1] : ones, bytesOf(type, [value])), { shape, dtype }), stored: ones }
}

export const constant: Lowering<'constant'> = ({ builder }, { attributes: { value } }) => {
  const { shape, dtype, data } = value
  const first = data[0]
  if (first === undefined || data.every((element) => Object.is(element, first))) return [uniform(builder, first ?? 0, dtype, shape)]
  return [plainly(builder.initializer(elementType[dtype], shape, bytesOfValue(value)), { shape, dtype })]
}

export const iota: Lowering<'iota'> = ({ builder }, node) => {
  const { shape, dtype, axis } = node.attributes
  const size = shape[axis] ?? 0
  if (sizeOf(shape) === 0) return [uniform(builder, 0, dtype, shape)]
  const stored = shape.map((_, k) => (k === axis ? size : 1))
  const type = elementType[dtype]
  const value = builder.initializer(type, stored, bytesOf(type, Array.from({ length: size }, (_, k) => k)))
  return [{ value, ...outputAt(node), order: axesOf(shape.length), stored }]
}
