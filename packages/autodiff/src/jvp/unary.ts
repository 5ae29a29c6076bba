import { bind } from '@tabula/tensor'
import type { PrimitiveName, Tensor } from '@tabula/tensor'
import { add, at, div, exp, indicator, lessEqual, mul, neg, not, number, sub } from '../expression.js'
import type { PushForward, Tangent } from './rule.js'

/** The rule of an elementwise primitive with one operand: from (tangent, x, y) to the tangent of y. */
const elementwise =
  <P extends PrimitiveName>(push: (tangent: Tensor, x: Tensor, y: Tensor) => Tangent): PushForward<P> =>
  ({ inputs, outputs, tangents: [tangent] }) =>
    tangent === undefined ? [] : [push(tangent, at(inputs, 0), at(outputs, 0))]

/** t·sign(x), zero at zero. */
export const absRule = elementwise<'abs'>((t, x) => mul(t, bind('sign', {}, x)))

/** t·y */
export const expRule = elementwise<'exp'>((t, _x, y) => mul(t, y))

/** t·(y + 1) */
export const expm1Rule = elementwise<'expm1'>((t, _x, y) => mul(t, add(y, number(1))))

/** t / x */
export const logRule = elementwise<'log'>((t, x) => div(t, x))

/** t / (x + 1) */
export const log1pRule = elementwise<'log1p'>((t, x) => div(t, add(x, number(1))))

/** t / 2y, infinite at zero. */
export const sqrtRule = elementwise<'sqrt'>((t, _x, y) => div(t, mul(y, number(2))))

/** t·cos(x) */
export const sinRule = elementwise<'sin'>((t, x) => mul(t, bind('cos', {}, x)))

/** −t·sin(x) */
export const cosRule = elementwise<'cos'>((t, x) => neg(mul(t, bind('sin', {}, x))))

/** t·(1 − y²) */
export const tanhRule = elementwise<'tanh'>((t, _x, y) => mul(t, sub(number(1), mul(y, y))))

/** t·y·(1 − y) */
export const sigmoidRule = elementwise<'sigmoid'>((t, _x, y) => mul(t, mul(y, sub(number(1), y))))

/** t·2/√π·e^(−x²) */
export const erfRule = elementwise<'erf'>((t, x) => mul(t, mul(number(2 / Math.sqrt(Math.PI)), exp(neg(mul(x, x))))))

/** t where y > 0 or NaN, else zero. */
export const reluRule: PushForward<'relu'> = ({ outputs, tangents: [t] }) => (t === undefined ? [] : [mul(t, indicator(not(lessEqual(at(outputs, 0), number(0)))))])

/** Between floating-point types the identity; integers and truth values have no tangent. */
export const castRule: PushForward<'cast'> = ({ outputs: [y], tangents: [t] }) => (y?.dtype === 'f32' ? [t] : [])
