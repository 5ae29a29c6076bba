import { bind } from '../bind.js'
import type { Dtype } from '../dtype.js'
import type { Tensor } from '../node.js'
import type { Broadcast, Check, Checked, Shape, ShapeMismatch } from '../shape-types.js'
import { assume, operands, scalarOf } from './typed.js'
import type { DtypeOf, Numeric, Operand, ShapeOf } from './typed.js'

/** Elementwise −x. Same shape and type. */
export const neg = <S extends Shape, D extends Numeric>(x: Tensor<S, D>): Tensor<S, D> => assume<S, D>(bind('neg', {}, x))

/** Elementwise |x|. Same shape and type. */
export const abs = <S extends Shape, D extends Numeric>(x: Tensor<S, D>): Tensor<S, D> => assume<S, D>(bind('abs', {}, x))

/** Elementwise −1, 0 or 1; 0 of NaN (PyTorch's `sign`). Same shape and type. */
export const sign = <S extends Shape, D extends Numeric>(x: Tensor<S, D>): Tensor<S, D> => assume<S, D>(bind('sign', {}, x))

/** Elementwise largest integer not above x. Same shape. */
export const floor = <S extends Shape>(x: Tensor<S, 'f32'>): Tensor<S, 'f32'> => assume<S, 'f32'>(bind('floor', {}, x))

/** Elementwise smallest integer not below x. Same shape. */
export const ceil = <S extends Shape>(x: Tensor<S, 'f32'>): Tensor<S, 'f32'> => assume<S, 'f32'>(bind('ceil', {}, x))

/** Elementwise nearest integer, halves to even. Same shape. */
export const round = <S extends Shape>(x: Tensor<S, 'f32'>): Tensor<S, 'f32'> => assume<S, 'f32'>(bind('round', {}, x))

/** Elementwise e^x. Same shape. */
export const exp = <S extends Shape>(x: Tensor<S, 'f32'>): Tensor<S, 'f32'> => assume<S, 'f32'>(bind('exp', {}, x))

/** Elementwise e^x − 1, accurate near 0. Same shape. */
export const expm1 = <S extends Shape>(x: Tensor<S, 'f32'>): Tensor<S, 'f32'> => assume<S, 'f32'>(bind('expm1', {}, x))

/** Elementwise natural logarithm. Same shape. */
export const log = <S extends Shape>(x: Tensor<S, 'f32'>): Tensor<S, 'f32'> => assume<S, 'f32'>(bind('log', {}, x))

/** Elementwise log(1 + x), accurate near 0. Same shape. */
export const log1p = <S extends Shape>(x: Tensor<S, 'f32'>): Tensor<S, 'f32'> => assume<S, 'f32'>(bind('log1p', {}, x))

/** Elementwise square root; NaN below 0. Same shape. */
export const sqrt = <S extends Shape>(x: Tensor<S, 'f32'>): Tensor<S, 'f32'> => assume<S, 'f32'>(bind('sqrt', {}, x))

/** Elementwise sine of radians. Same shape. */
export const sin = <S extends Shape>(x: Tensor<S, 'f32'>): Tensor<S, 'f32'> => assume<S, 'f32'>(bind('sin', {}, x))

/** Elementwise cosine of radians. Same shape. */
export const cos = <S extends Shape>(x: Tensor<S, 'f32'>): Tensor<S, 'f32'> => assume<S, 'f32'>(bind('cos', {}, x))

/** Elementwise hyperbolic tangent. Same shape. */
export const tanh = <S extends Shape>(x: Tensor<S, 'f32'>): Tensor<S, 'f32'> => assume<S, 'f32'>(bind('tanh', {}, x))

/** Elementwise 1 / (1 + e^−x). Same shape. */
export const sigmoid = <S extends Shape>(x: Tensor<S, 'f32'>): Tensor<S, 'f32'> => assume<S, 'f32'>(bind('sigmoid', {}, x))

/** Elementwise Gauss error function. Same shape. */
export const erf = <S extends Shape>(x: Tensor<S, 'f32'>): Tensor<S, 'f32'> => assume<S, 'f32'>(bind('erf', {}, x))

/** Elementwise max(x, 0) with derivative 0 at 0; NaN stays NaN. Same shape. */
export const relu = <S extends Shape>(x: Tensor<S, 'f32'>): Tensor<S, 'f32'> => assume<S, 'f32'>(bind('relu', {}, x))

/** Logical negation. Same shape. */
export const not = <S extends Shape>(x: Tensor<S, 'bool'>): Tensor<S, 'bool'> => assume<S, 'bool'>(bind('not', {}, x))

/** Converts elements: f32 to integer truncates toward zero, anything to bool is x ≠ 0. Same shape. */
export const cast =
  <D extends Dtype>(dtype: D) =>
  <S extends Shape>(x: Tensor<S, Dtype>): Tensor<S, D> =>
    x.dtype === dtype ? assume<S, D>(x) : assume<S, D>(bind('cast', { dtype }, x))

/** Whether two element types are the same, or not known to differ. */
type SameDtype<A extends Dtype, B extends Dtype> = [A] extends [B] ? true : [B] extends [A] ? true : false

/** What an elementwise operation on two operands answers, or a sentence where they do not fit. */
type Both<Operation extends string, A, B> = A extends Tensor<infer S, infer D>
  ? B extends Tensor<infer T, infer E>
    ? SameDtype<D, E> extends true
      ? Broadcast<Operation, S, T>
      : ShapeMismatch<`${Operation}: element types ${D} and ${E} differ; cast one of them`>
    : S
  : ShapeOf<B>

/** Elementwise a + b. Operands broadcast; a number takes the other's type. Throws `ShapeError`, `DtypeError`. */
export const add = <A extends Operand, B extends Operand>(a: A, b: B & Check<Both<'add', A, B>>): Tensor<Checked<Both<'add', A, B>>, DtypeOf<A, B>> =>
  assume(bind('add', {}, ...operands(a, b)))

/** Elementwise a − b. Operands broadcast; a number takes the other's type. Throws `ShapeError`, `DtypeError`. */
export const sub = <A extends Operand, B extends Operand>(a: A, b: B & Check<Both<'sub', A, B>>): Tensor<Checked<Both<'sub', A, B>>, DtypeOf<A, B>> =>
  assume(bind('sub', {}, ...operands(a, b)))

/** Elementwise a · b. Operands broadcast; a number takes the other's type. Throws `ShapeError`, `DtypeError`. */
export const mul = <A extends Operand, B extends Operand>(a: A, b: B & Check<Both<'mul', A, B>>): Tensor<Checked<Both<'mul', A, B>>, DtypeOf<A, B>> =>
  assume(bind('mul', {}, ...operands(a, b)))

/** Elementwise a / b (IEEE for f32, truncating for integers). Operands broadcast; a number takes the other's type. Throws `ShapeError`, `DtypeError`. */
export const div = <A extends Operand, B extends Operand>(a: A, b: B & Check<Both<'div', A, B>>): Tensor<Checked<Both<'div', A, B>>, DtypeOf<A, B>> =>
  assume(bind('div', {}, ...operands(a, b)))

/** Elementwise the remainder of a / b, with a's sign. Operands broadcast; a number takes the other's type. Throws `ShapeError`, `DtypeError`. */
export const rem = <A extends Operand, B extends Operand>(a: A, b: B & Check<Both<'rem', A, B>>): Tensor<Checked<Both<'rem', A, B>>, DtypeOf<A, B>> =>
  assume(bind('rem', {}, ...operands(a, b)))

/** Elementwise a to the power b (f32). Operands broadcast; a number takes the other's type. Throws `ShapeError`, `DtypeError`. */
export const pow = <A extends Operand, B extends Operand>(a: A, b: B & Check<Both<'pow', A, B>>): Tensor<Checked<Both<'pow', A, B>>, DtypeOf<A, B>> =>
  assume(bind('pow', {}, ...operands(a, b)))

/** Elementwise the larger of a and b; NaN if either is; ties share the derivative. Operands broadcast; a number takes the other's type. Throws `ShapeError`, `DtypeError`. */
export const maximum = <A extends Operand, B extends Operand>(a: A, b: B & Check<Both<'maximum', A, B>>): Tensor<Checked<Both<'maximum', A, B>>, DtypeOf<A, B>> =>
  assume(bind('maximum', {}, ...operands(a, b)))

/** Elementwise the smaller of a and b; NaN if either is; ties share the derivative. Operands broadcast; a number takes the other's type. Throws `ShapeError`, `DtypeError`. */
export const minimum = <A extends Operand, B extends Operand>(a: A, b: B & Check<Both<'minimum', A, B>>): Tensor<Checked<Both<'minimum', A, B>>, DtypeOf<A, B>> =>
  assume(bind('minimum', {}, ...operands(a, b)))

/** Elementwise the angle of the point (b, a) in radians (f32). Operands broadcast; a number takes the other's type. Throws `ShapeError`, `DtypeError`. */
export const atan2 = <A extends Operand, B extends Operand>(a: A, b: B & Check<Both<'atan2', A, B>>): Tensor<Checked<Both<'atan2', A, B>>, DtypeOf<A, B>> =>
  assume(bind('atan2', {}, ...operands(a, b)))

/** Whether a = b, elementwise. Operands broadcast. Throws `ShapeError`, `DtypeError`. */
export const equal = <A extends Operand, B extends Operand>(a: A, b: B & Check<Both<'equal', A, B>>): Tensor<Checked<Both<'equal', A, B>>, 'bool'> =>
  assume(bind('equal', {}, ...operands(a, b)))

/** Whether a ≠ b, elementwise. Operands broadcast. Throws `ShapeError`, `DtypeError`. */
export const notEqual = <A extends Operand, B extends Operand>(a: A, b: B & Check<Both<'notEqual', A, B>>): Tensor<Checked<Both<'notEqual', A, B>>, 'bool'> =>
  assume(bind('not', {}, bind('equal', {}, ...operands(a, b))))

/** Whether a < b, elementwise. Operands broadcast. Throws `ShapeError`, `DtypeError`. */
export const less = <A extends Operand, B extends Operand>(a: A, b: B & Check<Both<'less', A, B>>): Tensor<Checked<Both<'less', A, B>>, 'bool'> =>
  assume(bind('less', {}, ...operands(a, b)))

/** Whether a ≤ b, elementwise. Operands broadcast. Throws `ShapeError`, `DtypeError`. */
export const lessEqual = <A extends Operand, B extends Operand>(a: A, b: B & Check<Both<'lessEqual', A, B>>): Tensor<Checked<Both<'lessEqual', A, B>>, 'bool'> =>
  assume(bind('lessEqual', {}, ...operands(a, b)))

/** Whether a > b, elementwise. Operands broadcast. Throws `ShapeError`, `DtypeError`. */
export const greater = <A extends Operand, B extends Operand>(a: A, b: B & Check<Both<'greater', A, B>>): Tensor<Checked<Both<'greater', A, B>>, 'bool'> =>
  assume(bind('less', {}, ...operands(b, a)))

/** Whether a ≥ b, elementwise. Operands broadcast. Throws `ShapeError`, `DtypeError`. */
export const greaterEqual = <A extends Operand, B extends Operand>(a: A, b: B & Check<Both<'greaterEqual', A, B>>): Tensor<Checked<Both<'greaterEqual', A, B>>, 'bool'> =>
  assume(bind('lessEqual', {}, ...operands(b, a)))

/** Whether both are true, elementwise. Operands broadcast. */
export const and = <A extends Shape, B extends Shape>(a: Tensor<A, 'bool'>, b: Tensor<B, 'bool'> & Check<Broadcast<'and', A, B>>): Tensor<Checked<Broadcast<'and', A, B>>, 'bool'> =>
  assume(bind('and', {}, a, b))

/** Whether either is true, elementwise. Operands broadcast. */
export const or = <A extends Shape, B extends Shape>(a: Tensor<A, 'bool'>, b: Tensor<B, 'bool'> & Check<Broadcast<'or', A, B>>): Tensor<Checked<Broadcast<'or', A, B>>, 'bool'> =>
  assume(bind('or', {}, a, b))

/**
 * `whenTrue` where the condition holds, else `whenFalse`; all three broadcast. Both are evaluated, so a NaN of the side not taken
 * stays out of the result but not out of its derivative.
 */
export const select = <A extends Operand, B extends Operand>(condition: Tensor<Shape, 'bool'>, whenTrue: A, whenFalse: B): Tensor<Shape, DtypeOf<A, B>> =>
  assume(bind('select', {}, condition, ...operands(whenTrue, whenFalse)))

/** x². Same shape. */
export const square = <S extends Shape>(x: Tensor<S, 'f32'>): Tensor<S, 'f32'> => assume<S, 'f32'>(bind('mul', {}, x, x))

/** 1 / √x. Same shape. */
export const rsqrt = <S extends Shape>(x: Tensor<S, 'f32'>): Tensor<S, 'f32'> => assume<S, 'f32'>(bind('div', {}, scalarOf('f32', 1), sqrt(x)))

/** x limited to [lowest, highest]; the derivative is 1 inside, bounds included, and 0 outside and at NaN, which stays NaN (PyTorch's `clamp`). */
export const clamp =
  ({ lowest, highest }: { readonly lowest?: number; readonly highest?: number }) =>
  <S extends Shape>(x: Tensor<S, 'f32'>): Tensor<S, 'f32'> => {
    const limit = (over: Tensor, bound: number | undefined, below: boolean): Tensor => {
      if (bound === undefined) return over
      const edge = scalarOf('f32', bound)
      return bind('select', {}, below ? bind('less', {}, over, edge) : bind('less', {}, edge, over), edge, over)
    }
    const limited = limit(limit(x, lowest, true), highest, false)
    return assume<S, 'f32'>(bind('select', {}, bind('equal', {}, x, x), limited, bind('stopGradient', {}, x)))
  }
