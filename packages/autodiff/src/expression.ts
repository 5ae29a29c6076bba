import { bind, hostValue, sameShape, ShapeError } from '@tabula/tensor'
import type { Sizes, Tensor } from '@tabula/tensor'

/**
 * Short names for expressions whose types are checked when they are built. Rules are written with these rather than with the
 * public operations because they work on tensors of any rank.
 */

/** A rank-0 constant, in double precision so that the reference interpreter loses nothing. */
export const number = (x: number): Tensor => bind('constant', { value: hostValue('f32', [], Float64Array.of(x)) })

/** Zeros of a tensor's shape and type. */
export const zerosLike = ({ shape, dtype }: Pick<Tensor, 'shape' | 'dtype'>): Tensor => {
  const zero = dtype === 'f32' ? number(0) : bind('cast', { dtype }, number(0))
  return shape.length === 0 ? zero : bind('broadcastTo', { shape }, zero)
}

export const add = (a: Tensor, b: Tensor): Tensor => bind('add', {}, a, b)
export const sub = (a: Tensor, b: Tensor): Tensor => bind('sub', {}, a, b)
export const mul = (a: Tensor, b: Tensor): Tensor => bind('mul', {}, a, b)
export const div = (a: Tensor, b: Tensor): Tensor => bind('div', {}, a, b)
export const pow = (a: Tensor, b: Tensor): Tensor => bind('pow', {}, a, b)
export const neg = (x: Tensor): Tensor => bind('neg', {}, x)
export const exp = (x: Tensor): Tensor => bind('exp', {}, x)
export const log = (x: Tensor): Tensor => bind('log', {}, x)
export const less = (a: Tensor, b: Tensor): Tensor => bind('less', {}, a, b)
export const lessEqual = (a: Tensor, b: Tensor): Tensor => bind('lessEqual', {}, a, b)
export const not = (x: Tensor): Tensor => bind('not', {}, x)
export const equal = (a: Tensor, b: Tensor): Tensor => bind('equal', {}, a, b)
export const and = (a: Tensor, b: Tensor): Tensor => bind('and', {}, a, b)
export const select = (condition: Tensor, whenTrue: Tensor, whenFalse: Tensor): Tensor =>
  bind('select', {}, condition, whenTrue, whenFalse)

/**
 * x as data, for what a derivative is constant in by mathematics: places of maxima, signs, indices. Derivatives of higher order then
 * know that zero is meant. `simplify` leaves nothing of it.
 */
export const fixed = (x: Tensor): Tensor =>
  x.node.primitive === 'constant' || x.node.primitive === 'iota' || x.node.primitive === 'stopGradient'
    ? x
    : bind('stopGradient', {}, x)

/** 1 where the condition holds, else 0; constant in what the condition rests on. */
export const indicator = (condition: Tensor): Tensor => bind('cast', { dtype: 'f32' }, fixed(condition))

/** x in another shape; x itself where it has that shape. */
export const reshape = (x: Tensor, shape: Sizes): Tensor => (sameShape(x.shape, shape) ? x : bind('reshape', { shape }, x))

/** x broadcast to a shape; x itself where it has that shape. */
export const broadcastTo = (x: Tensor, shape: Sizes): Tensor =>
  sameShape(x.shape, shape) ? x : bind('broadcastTo', { shape }, x)

/** The sum over axes, which are ascending. */
export const reduceSum = (x: Tensor, axes: readonly number[], keepDimensions: boolean): Tensor =>
  bind('reduceSum', { axes, keepDimensions }, x)

/**
 * The transpose of broadcasting `shape` to x's shape: sums over the axes that were repeated. One `reduceSum`, and a `reshape`
 * only where axes of size 1 stay beside axes that go.
 */
export const unbroadcast = (x: Tensor, shape: Sizes): Tensor => {
  if (sameShape(x.shape, shape)) return x
  const added = x.shape.length - shape.length
  const axes = x.shape.flatMap((size, axis) => (axis < added || (shape[axis - added] === 1 && size !== 1) ? [axis] : []))
  return reshape(axes.length === 0 ? x : reduceSum(x, axes, added === 0), shape)
}

/** x with its last two axes exchanged. */
export const transposeLast = (x: Tensor): Tensor => {
  const rank = x.shape.length
  return bind('transpose', { permutation: x.shape.map((_, axis) => (axis < rank - 2 ? axis : 2 * rank - 3 - axis)) }, x)
}

/** The element at a position that a shape rule guarantees. Throws `ShapeError` where the guarantee does not hold. */
export const at = <T>(items: readonly T[], index: number): T => {
  const item = items[index]
  if (item === undefined) {
    throw new ShapeError({
      operation: 'vjp',
      operand: `operand ${index}`,
      expected: 'an operand',
      found: `${items.length} operands`
    })
  }
  return item
}
