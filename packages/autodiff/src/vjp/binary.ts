import { bind } from '@tabula/tensor'
import type { PrimitiveName, Tensor } from '@tabula/tensor'
import { add, and, at, div, equal, indicator, less, lessEqual, log, mul, neg, number, pow, select, sub, unbroadcast } from '../expression.js'
import type { Cotangent, PullBack } from './rule.js'

/** Operands and result of an elementwise primitive with two operands, and what moves: `c`, a cotangent or (in forward mode) a tangent. */
export interface Operands {
  readonly c: Tensor
  readonly a: Tensor
  readonly b: Tensor
  readonly y: Tensor
}

/**
 * The rule of an elementwise primitive with two operands that broadcast: each side's cotangent at the result's shape is summed
 * over the axes along which that side was repeated. Sides that are not wanted are not built.
 */
const elementwise =
  <P extends PrimitiveName>(pullBackA: (operands: Operands) => Tensor, pullBackB: (operands: Operands) => Tensor): PullBack<P> =>
  ({ inputs, outputs, cotangents: [c], wanted }) => {
    if (c === undefined) return []
    const operands = { c, a: at(inputs, 0), b: at(inputs, 1), y: at(outputs, 0) }
    return [
      wanted[0] === true ? unbroadcast(pullBackA(operands), operands.a.shape) : undefined,
      wanted[1] === true ? unbroadcast(pullBackB(operands), operands.b.shape) : undefined
    ]
  }

export const addRule = elementwise<'add'>(
  ({ c }) => c,
  ({ c }) => c
)

export const subRule = elementwise<'sub'>(
  ({ c }) => c,
  ({ c }) => neg(c)
)

export const mulRule = elementwise<'mul'>(
  ({ c, b }) => mul(c, b),
  ({ c, a }) => mul(c, a)
)

/** c / b and −(c / b)·y */
export const divRule = elementwise<'div'>(
  ({ c, b }) => div(c, b),
  ({ c, b, y }) => neg(mul(div(c, b), y))
)

/** y = a − b·trunc(a / b), so the derivative in b is (y − a) / b, a whole number with derivative zero. */
export const remRule = elementwise<'rem'>(
  ({ c }) => c,
  ({ c, a, b, y }) => mul(c, bind('round', {}, div(sub(y, a), b)))
)

const constantScalar = (x: Tensor): number | undefined =>
  x.node.primitive === 'constant' && x.shape.length === 0 ? x.node.attributes.value.data[0] : undefined

/** b·a^(b−1), which is 0 where a and b are 0 (PyTorch); short for constant exponents. */
export const powerInBase = ({ c, a, b }: Operands): Tensor => {
  const exponent = constantScalar(b)
  if (exponent === 0) return mul(c, number(0))
  if (exponent === 1) return c
  if (exponent === 2) return mul(c, mul(a, number(2)))
  if (exponent !== undefined) return mul(c, mul(pow(a, number(exponent - 1)), b))
  const origin = and(equal(a, number(0)), equal(b, number(0)))
  return mul(c, mul(pow(a, sub(select(origin, number(1), b), number(1))), b))
}

/**
 * y·ln(a), which is 0 where a is 0 and b is not negative (PyTorch); NaN where a is negative, as there is no derivative. The logarithm
 * does not see the zeros, so that second derivatives stay finite there.
 */
export const powerInExponent = ({ c, a, b, y }: Operands): Tensor => {
  const vanishing = and(equal(a, number(0)), lessEqual(number(0), b))
  return mul(c, mul(y, log(select(vanishing, number(1), a))))
}

export const powRule = elementwise<'pow'>(powerInBase, powerInExponent)

/** 1 where `low` < `high` or one of them is NaN, ½ where they are equal, else 0 (PyTorch). */
export const share = (low: Tensor, high: Tensor): Tensor =>
  sub(number(1), mul(add(indicator(less(high, low)), indicator(bind('lessEqual', {}, high, low))), number(0.5)))

/** To the larger side; equal ones get half each (PyTorch). */
export const maximumRule = elementwise<'maximum'>(
  ({ c, a, b }) => mul(c, share(b, a)),
  ({ c, a, b }) => mul(c, share(a, b))
)

/** To the smaller side; equal ones get half each (PyTorch). */
export const minimumRule = elementwise<'minimum'>(
  ({ c, a, b }) => mul(c, share(a, b)),
  ({ c, a, b }) => mul(c, share(b, a))
)

/** a² + b² */
export const squaredRadius = ({ a, b }: Operands): Tensor => add(mul(a, a), mul(b, b))

/** c·b / (a² + b²) and −c·a / (a² + b²) */
export const atan2Rule = elementwise<'atan2'>(
  (operands) => div(mul(operands.c, operands.b), squaredRadius(operands)),
  (operands) => neg(div(mul(operands.c, operands.a), squaredRadius(operands)))
)

/** To the side that was selected; the condition has no cotangent. */
export const selectRule: PullBack<'select'> = ({ inputs, cotangents: [c], wanted }) => {
  if (c === undefined) return []
  const condition = at(inputs, 0)
  const side = (index: 1 | 2): Cotangent => {
    if (wanted[index] !== true) return undefined
    const zero = number(0)
    return unbroadcast(index === 1 ? select(condition, c, zero) : select(condition, zero, c), at(inputs, index).shape)
  }
  return [undefined, side(1), side(2)]
}
