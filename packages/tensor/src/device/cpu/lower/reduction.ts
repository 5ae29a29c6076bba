import type { Attributes } from '../../../primitive.js'
import type { OnnxBuilder } from '../onnx/builder.js'
import { bytesOf } from '../onnx/builder.js'
import { dataTypeCode } from '../onnx/schema.js'
import { axesOf, dimensionsOf, elementType, isStretched, unstretched, withDimensions } from './lowered.js'
import type { Lowered } from './lowered.js'
import { operandAt } from './lowering.js'
import type { Lowering } from './lowering.js'

/** x without the reduced axes, or with size 1 there; `value` is what the engine answers with all of them kept or none. */
const afterReduction = (builder: OnnxBuilder, x: Lowered, { axes, keepDimensions }: Attributes['reduceSum'], value: string): Lowered => {
  const gone = (axis: number): boolean => axes.includes(axis)
  if (keepDimensions) {
    const shrink = (sizes: readonly number[]): readonly number[] => sizes.map((size, axis) => (gone(axis) ? 1 : size))
    return { ...x, value, shape: shrink(x.shape), stored: shrink(x.stored) }
  }
  const left = axesOf(x.shape.length).filter((axis) => !gone(axis))
  const keep = (sizes: readonly number[]): readonly number[] => left.map((axis) => sizes[axis] ?? 1)
  const order = x.order.filter((axis) => !gone(axis)).map((axis) => left.indexOf(axis))
  // The engine answers rank 0 where all axes go; here that is [1].
  return { ...x, value: left.length === 0 ? withDimensions(builder, value, [], [1]) : value, shape: keep(x.shape), stored: keep(x.stored), order }
}

const reduced = (builder: OnnxBuilder, type: 'ReduceSum' | 'ReduceMax', x: Lowered, attributes: Attributes['reduceSum']): Lowered => {
  const { axes, keepDimensions } = attributes
  if (axes.length === 0) return x
  const places = axes.map((axis) => x.order.indexOf(axis)).sort((a, b) => a - b)
  const value = builder.op(type, [x.value, builder.ints(places)], { keepdims: keepDimensions ? 1 : 0 })
  return afterReduction(builder, x, attributes, value)
}

/** Sums along axes. */
export const summed = (builder: OnnxBuilder, x: Lowered, attributes: Attributes['reduceSum']): Lowered => {
  const sum = reduced(builder, 'ReduceSum', x, attributes)
  // The sum of equal elements is one of them, times their number.
  const repeats = attributes.axes.filter((axis) => isStretched(x, axis)).reduce((product, axis) => product * (x.shape[axis] ?? 1), 1)
  if (repeats === 1) return sum
  const type = elementType[x.dtype]
  return { ...sum, value: builder.op('Mul', [sum.value, builder.initializer(type, [1], bytesOf(type, [repeats]))]) }
}

export const reduceSum: Lowering<'reduceSum'> = ({ builder }, { attributes }, inputs) => [summed(builder, operandAt(inputs, 0), attributes)]

export const reduceMax: Lowering<'reduceMax'> = ({ builder }, { attributes }, inputs) => {
  const x = operandAt(inputs, 0)
  if (x.dtype !== 'f32' || attributes.axes.length === 0) return [reduced(builder, 'ReduceMax', x, attributes)]
  // The engine's maximum passes over some NaNs.
  const isNan = builder.op('Cast', [builder.op('IsNaN', [x.value])], { to: dataTypeCode.float })
  const largest = reduced(builder, 'ReduceMax', x, attributes)
  const any = builder.op('Greater', [reduced(builder, 'ReduceMax', { ...x, value: isNan }, attributes).value, builder.floats([0])])
  return [{ ...largest, value: builder.op('Where', [any, builder.floats([NaN]), largest.value]) }]
}

export const argmax: Lowering<'argmax'> = ({ builder }, { attributes: { axis } }, inputs) => {
  const x = unstretched(builder, operandAt(inputs, 0), [axis])
  const place = x.order.indexOf(axis)
  const first = (value: string): string => builder.op('ArgMax', [value], { axis: place, keepdims: 1 })
  const winner = (): string => {
    if (x.dtype !== 'f32') return first(x.value)
    const isNan = builder.op('Cast', [builder.op('IsNaN', [x.value])], { to: dataTypeCode.float })
    const any = builder.op('Greater', [builder.op('ReduceMax', [isNan, builder.ints([place])], { keepdims: 1 }), builder.floats([0])])
    return builder.op('Where', [any, first(isNan), first(x.value)])
  }
  const kept = builder.op('Cast', [winner()], { to: dataTypeCode.int32 })
  const without = afterReduction(builder, { ...x, dtype: 'i32' }, { axes: [axis], keepDimensions: false }, '')
  const dims = dimensionsOf(x).map((size, k) => (k === place ? 1 : size))
  return [{ ...without, value: withDimensions(builder, kept, dims, dimensionsOf(without)) }]
}
