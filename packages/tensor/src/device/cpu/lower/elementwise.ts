import type { Node } from '../../../node.js'
import type { PrimitiveName } from '../../../primitive.js'
import type { OnnxBuilder } from '../onnx/builder.js'
import { bytesOf } from '../onnx/builder.js'
import { dataTypeCode } from '../onnx/schema.js'
import { aligned } from './broadcast.js'
import { elementType } from './lowered.js'
import type { Lowered } from './lowered.js'
import { operandAt, outputAt } from './lowering.js'
import type { Lowering } from './lowering.js'

/** Primitives without attributes and with one output. */
type Plain = 'neg' | 'abs' | 'sign' | 'floor' | 'ceil' | 'round' | 'exp' | 'expm1' | 'log' | 'log1p' | 'sqrt' | 'sin' | 'cos' | 'tanh' | 'sigmoid' | 'erf' | 'relu' | 'not'
type Pairwise = 'add' | 'sub' | 'mul' | 'div' | 'rem' | 'pow' | 'maximum' | 'minimum' | 'atan2' | 'equal' | 'less' | 'lessEqual' | 'and' | 'or'

/** One ONNX value from another, element by element: whatever its layout, it stays. */
export const unary =
  (f: (builder: OnnxBuilder, x: string) => string): Lowering<Plain> =>
  ({ builder }, _node, inputs) => {
    const x = operandAt(inputs, 0)
    return [{ ...x, value: f(builder, x.value) }]
  }

/** One ONNX operator for one operand. */
export const unaryOp = (type: string): Lowering<Plain> => unary((builder, x) => builder.op(type, [x]))

/** −1, 0 or 1; 0 of NaN, which the engine would pass on. */
export const sign: Lowering<Plain> = ({ builder }, _node, inputs) => {
  const x = operandAt(inputs, 0)
  const value = builder.op('Sign', [x.value])
  if (x.dtype !== 'f32') return [{ ...x, value }]
  return [{ ...x, value: builder.op('Where', [builder.op('IsNaN', [x.value]), builder.floats([0]), value]) }]
}

/** e^x − 1 = tanh(x/2)·(e^x + 1), which cancels nowhere. */
export const expm1 = unary((builder, x) => {
  const half = builder.op('Mul', [x, builder.floats([0.5])])
  return builder.op('Mul', [builder.op('Tanh', [half]), builder.op('Add', [builder.op('Exp', [x]), builder.floats([1])])])
})

/** log(1 + x) = log(u)·x / (u − 1) for u = 1 + x rounded (W. Kahan); x itself where u is 1, log(u) where u is infinite. */
export const log1p = unary((builder, x) => {
  const one = builder.floats([1])
  const u = builder.op('Add', [x, one])
  const logarithm = builder.op('Log', [u])
  const scaled = builder.op('Mul', [logarithm, builder.op('Div', [x, builder.op('Sub', [u, one])])])
  const finite = builder.op('Where', [builder.op('Equal', [u, builder.floats([Infinity])]), u, scaled])
  return builder.op('Where', [builder.op('Equal', [u, one]), x, finite])
})

const ofUnsigned = (node: Node, inputs: readonly Lowered[]): boolean => inputs[0]?.dtype === 'u32' && outputAt(node).dtype === 'u32'

/** Low 32 bits of int64 values, as `u32` arithmetic keeps them. */
export const low32 = (builder: OnnxBuilder, x: string): string => builder.op('BitwiseAnd', [x, builder.ints([0xffff_ffff])])

/** One ONNX value from two, element by element, after both are brought into one layout. */
export const binary =
  <P extends PrimitiveName>(f: (builder: OnnxBuilder, a: string, b: string, node: Node<P>, inputs: readonly Lowered[]) => string): Lowering<P> =>
  ({ builder }, node, inputs) => {
    const { values, result } = aligned(builder, inputs, outputAt(node))
    const [a = '', b = ''] = values
    return [result(f(builder, a, b, node, inputs))]
  }

/** One ONNX operator for two operands; `u32` wraps around. */
export const binaryOp = (type: string): Lowering<Pairwise> =>
  binary((builder, a, b, node, inputs) => {
    const value = builder.op(type, [a, b])
    return ofUnsigned(node, inputs) && (type === 'Add' || type === 'Sub' || type === 'Mul') ? low32(builder, value) : value
  })

/** The larger or the smaller of two. The engine compares 32 bits of an int64 only, so `u32` is chosen by comparison. */
export const extremum = (type: 'Max' | 'Min'): Lowering<Pairwise> =>
  binary((builder, a, b, node, inputs) =>
    ofUnsigned(node, inputs) ? builder.op('Where', [builder.op('Less', type === 'Max' ? [a, b] : [b, a]), b, a]) : builder.op(type, [a, b])
  )

/**
 * An integer divisor, with which the run fails if any element is zero: the engine itself would end the process.
 * The failure is a gather of element 1 from a constant that has one.
 */
const nonZero = (builder: OnnxBuilder, divisor: string, { dtype }: Lowered): string => {
  const type = elementType[dtype]
  const isZero = builder.op('Cast', [builder.op('Equal', [divisor, builder.initializer(type, [1], bytesOf(type, [0]))])], { to: dataTypeCode.int32 })
  return builder.op('Add', [divisor, builder.op('Gather', [builder.initializer(type, [1], bytesOf(type, [0])), isZero], { axis: 0 })])
}

/** Division: IEEE for floats, truncating for integers. */
export const div: Lowering<'div'> = binary((builder, a, b, _node, inputs) => {
  const divisor = operandAt(inputs, 1)
  return builder.op('Div', [a, divisor.dtype === 'f32' ? b : nonZero(builder, b, divisor)])
})

/** Remainder with the dividend's sign. */
export const rem: Lowering<'rem'> = binary((builder, a, b, _node, inputs) => {
  const divisor = operandAt(inputs, 1)
  return builder.op('Mod', [a, divisor.dtype === 'f32' ? b : nonZero(builder, b, divisor)], { fmod: 1 })
})

/** The angle of (x, y) from arctangents of y/x, by quadrant; signed zeros as IEEE 754 has them. */
export const atan2: Lowering<'atan2'> = binary((builder, y, x) => {
  const number = (value: number): string => builder.floats([value])
  const op = (type: string, ...inputs: readonly string[]): string => builder.op(type, inputs)
  const zero = number(0)
  // 1/−0 is −∞, which tells the sign of a zero.
  const isNegative = (v: string): string => op('Or', op('Less', v, zero), op('Less', op('Div', number(1), v), zero))
  const isInfinite = (v: string): string => op('Equal', op('Abs', v), number(Infinity))
  const unit = (v: string): string => op('Where', isNegative(v), number(-1), number(1))
  const bothInfinite = op('And', isInfinite(x), isInfinite(y))
  const bothZero = op('And', op('Equal', x, zero), op('Equal', y, zero))
  const quotient = op('Div', op('Where', bothInfinite, unit(y), y), op('Where', bothInfinite, unit(x), op('Where', bothZero, unit(x), x)))
  const turned = op('Mul', op('Where', isNegative(y), number(-Math.PI), number(Math.PI)), op('Where', isNegative(x), number(1), zero))
  const angle = op('Add', op('Atan', quotient), turned)
  return op('Where', op('And', op('Equal', x, x), op('Equal', y, y)), angle, op('Add', x, y))
})

/** `whenTrue` where the condition holds, else `whenFalse`. */
export const select: Lowering<'select'> = ({ builder }, node, inputs) => {
  const { values, result } = aligned(builder, inputs, outputAt(node))
  const [condition = '', whenTrue = '', whenFalse = ''] = values
  if (outputAt(node).dtype !== 'bool') return [result(builder.op('Where', [condition, whenTrue, whenFalse]))]
  const otherwise = builder.op('And', [builder.op('Not', [condition]), whenFalse])
  return [result(builder.op('Or', [builder.op('And', [condition, whenTrue]), otherwise]))]
}

/** Truncation to an integer type that saturates and makes NaN 0; the engine's cast answers the smallest integer for all three. */
const truncated = (builder: OnnxBuilder, x: string, dtype: 'i32' | 'u32'): string => {
  const type = elementType[dtype]
  const constant = (value: number): string => builder.initializer(type, [1], bytesOf(type, [value]))
  const lowest = dtype === 'u32' ? builder.op('Max', [x, builder.floats([0])]) : x
  const inside = builder.op('Cast', [lowest], { to: dataTypeCode[type] })
  const limit = builder.floats([dtype === 'u32' ? 2 ** 32 : 2 ** 31])
  const capped = builder.op('Where', [builder.op('GreaterOrEqual', [x, limit]), constant(dtype === 'u32' ? 0xffff_ffff : 0x7fff_ffff), inside])
  return builder.op('Where', [builder.op('Equal', [x, x]), capped, constant(0)])
}

/** Conversion between element types. */
export const cast: Lowering<'cast'> = ({ builder }, { attributes: { dtype } }, inputs) => {
  const x = operandAt(inputs, 0)
  const to = (value: string, type: 'float' | 'int32' | 'int64' | 'bool'): string => builder.op('Cast', [value], { to: dataTypeCode[type] })
  const convert = (): string => {
    if (x.dtype === dtype) return x.value
    if (dtype === 'f32') return to(x.value, 'float')
    if (dtype === 'bool') return to(x.value, 'bool')
    if (x.dtype === 'f32') return truncated(builder, x.value, dtype)
    if (dtype === 'i32') return to(x.value, 'int32')
    return x.dtype === 'i32' ? low32(builder, to(x.value, 'int64')) : to(x.value, 'int64')
  }
  return [{ ...x, value: convert(), dtype }]
}
