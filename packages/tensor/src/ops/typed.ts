import { bind } from '../bind.js'
import type { Dtype } from '../dtype.js'
import { DtypeError } from '../errors.js'
import type { Tensor } from '../node.js'
import type { Attributes, PrimitiveName } from '../primitive.js'
import type { Shape } from '../shape-types.js'
import { hostValue } from '../value.js'
import type { HostValue } from '../value.js'
import { allocate } from '../dtype.js'

/** Types that arithmetic is defined on. */
export type Numeric = 'f32' | 'i32' | 'u32'

/** A tensor or a plain number, which takes the other operand's type. */
export type Operand = Tensor | number

/** The shape of an operand; a number has rank 0. */
export type ShapeOf<X> = X extends Tensor<infer S, Dtype> ? S : readonly []

/** The element type of the first operand that is a tensor; two numbers make `f32`. */
export type DtypeOf<A, B = number> = A extends Tensor<Shape, infer D> ? D : B extends Tensor<Shape, infer D> ? D : 'f32'

/**
 * States a result's type. The only place where the operations assert what the shape rules compute: each operation's signature
 * and its shape rule say the same thing, one to the compiler and one at run time.
 */
export const assume = <S extends Shape, D extends Dtype>(x: Tensor): Tensor<S, D> => x as Tensor<S, D>

/** A rank-0 constant of the given type. */
export const scalarOf = <D extends Dtype>(dtype: D, x: number): Tensor<readonly [], D> => {
  const data = allocate(dtype, 1, 'double')
  data[0] = x
  return constant(hostValue(dtype, [], data)) as Tensor<readonly [], D>
}

/** Data as part of the program. Shape known at run time; give `S` where the compiler should know it. */
export const constant = <D extends Dtype, S extends Shape = Shape>(value: HostValue<D>): Tensor<S, D> =>
  assume<S, D>(bind('constant', { value }))

/** Both operands as tensors of one type. */
export const operands = (a: Operand, b: Operand): readonly [Tensor, Tensor] =>
  typeof a === 'number'
    ? typeof b === 'number'
      ? [scalarOf('f32', a), scalarOf('f32', b)]
      : [scalarOf(b.dtype, a), b]
    : [a, typeof b === 'number' ? scalarOf(a.dtype, b) : b]

/** Applies a primitive without attributes to one operand, keeping its type. */
export const applyUnary = <S extends Shape, D extends Dtype>(
  primitive: { [P in PrimitiveName]: Attributes[P] extends Readonly<Record<never, never>> ? P : never }[PrimitiveName],
  x: Tensor<S, D>
): Tensor<S, D> => assume<S, D>(bind(primitive, emptyAttributes(), x))

const emptyAttributes = (): never => ({}) as never

/** Throws `DtypeError` unless the tensor is of the type an operation works on. */
export const requireType = (operation: string, x: Tensor, dtype: Dtype): void => {
  if (x.dtype !== dtype) throw new DtypeError({ operation, operand: 'operand', expected: dtype, found: x.dtype })
}
