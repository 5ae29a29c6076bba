import { bind } from '@tabula/tensor'
import type { PrimitiveName, Tensor } from '@tabula/tensor'
import { add, at, div, exp, indicator, lessEqual, mul, neg, not, number, sub } from '../expression.js'
import type { Cotangent, PullBack } from './rule.js'

/** The rule of an elementwise primitive with one operand: from (cotangent, x, y) to the cotangent of x. */
const elementwise =
  <P extends PrimitiveName>(pullBack: (cotangent: Tensor, x: Tensor, y: Tensor) => Cotangent): PullBack<P> =>
  ({ inputs, outputs, cotangents: [cotangent] }) =>
    cotangent === undefined ? [] : [pullBack(cotangent, at(inputs, 0), at(outputs, 0))]

/** −c */
export const negRule = elementwise<'neg'>((c) => neg(c))

/** c·sign(x), zero at zero. */
export const absRule = elementwise<'abs'>((c, x) => mul(c, bind('sign', {}, x)))

/** c·y */
export const expRule = elementwise<'exp'>((c, _x, y) => mul(c, y))

/** c·(y + 1) */
export const expm1Rule = elementwise<'expm1'>((c, _x, y) => mul(c, add(y, number(1))))

/** c / x */
export const logRule = elementwise<'log'>((c, x) => div(c, x))

/** c / (x + 1) */
export const log1pRule = elementwise<'log1p'>((c, x) => div(c, add(x, number(1))))

/** c / 2y, infinite at zero. */
export const sqrtRule = elementwise<'sqrt'>((c, _x, y) => div(c, mul(y, number(2))))

/** c·cos(x) */
export const sinRule = elementwise<'sin'>((c, x) => mul(c, bind('cos', {}, x)))

/** −c·sin(x) */
export const cosRule = elementwise<'cos'>((c, x) => neg(mul(c, bind('sin', {}, x))))

/** c·(1 − y²) */
export const tanhRule = elementwise<'tanh'>((c, _x, y) => mul(c, sub(number(1), mul(y, y))))

/** c·y·(1 − y) */
export const sigmoidRule = elementwise<'sigmoid'>((c, _x, y) => mul(c, mul(y, sub(number(1), y))))

/** c·2/√π·e^(−x²) */
export const erfRule = elementwise<'erf'>((c, x) => mul(c, mul(number(2 / Math.sqrt(Math.PI)), exp(neg(mul(x, x))))))

/** c where y > 0 or NaN, else zero (PyTorch). Reads the output, so the input need not be kept. */
export const reluRule = elementwise<'relu'>((c, _x, y) => mul(c, indicator(not(lessEqual(y, number(0))))))

/** Between floating-point types the identity; integers and truth values have no cotangent. */
export const castRule = elementwise<'cast'>((c, x) => (x.dtype === 'f32' ? c : undefined))
