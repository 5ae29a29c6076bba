import * as T from '@tabula/tensor'
import { elu, gelu, leakyRelu, logSigmoid, mish, relu6, silu, softplus } from '@tabula/nn'
import type { Arguments, Floats, Operation, Operations } from './recorded.js'
import { elementwise } from './recorded.js'

const unary = (f: (x: Floats) => Floats): Operation => elementwise(({ floats }) => f(floats('x')))
const binary = (f: (a: Floats, b: Floats) => Floats): Operation => elementwise(({ floats }) => f(floats('a'), floats('b')))

/** Whether x lies inside a bound, strictly: outside and at the bound the derivative is 0. */
const inside = (x: Floats, low: number, high: number) => T.and(T.greater(x, low), T.less(x, high))

/** f(x) with the derivative of another function of x: what PyTorch does where it rounds a constant of its derivative to single precision. */
const withDerivativeOf = (value: Floats, other: Floats): Floats => T.add(other, T.stopGradient(T.sub(value, other)))

/** clamp(x / 6 + ½, 0, 1). PyTorch's derivative is 1/6 in single precision, 0 at the bounds. */
const hardsigmoid = (x: Floats): Floats => {
  const value: Floats = T.minimum(T.maximum(T.add(T.div(x, 6), 0.5), 0), 1)
  return withDerivativeOf(T.stopGradient(value), T.select(inside(x, -3, 3), T.mul(x, Math.fround(1 / 6)), 0))
}

/** x·relu6(x + 3) / 6; at the kinks the derivative is that of the piece to the right. */
const hardswish = (x: Floats): Floats => {
  const middle: Floats = T.div(T.mul(x, T.add(x, 3)), 6)
  return T.select(T.less(x, -3), T.mul(x, 0), T.select(T.less(x, 3), middle, x))
}

/** Rounds toward zero. */
const trunc = (x: Floats): Floats => T.mul(T.sign(x), T.floor(T.abs(x)))

/** The factor in a text such as `x * 0.1`; 1 of `x`. */
const factorOf = (text: string): number => {
  const factor = Number(text === 'x' ? 1 : (/^x \* (.+)$/.exec(text)?.[1] ?? NaN))
  if (Number.isNaN(factor)) throw new Error(`argument of: expected x, or x * a number, found ${text}`)
  return factor
}

/** Bounds of `clamp`, each where it is given. */
const bounds = (args: Arguments) => ({
  ...(args.has('min') ? { lowest: args.number('min') } : {}),
  ...(args.has('max') ? { highest: args.number('max') } : {})
})

/** Group `elementwise`. */
export const elementwiseOperations: Operations = {
  relu: unary(T.relu),
  relu6: unary(relu6),
  leaky_relu: elementwise(({ floats, args }) => leakyRelu({ slope: args.number('negative_slope', 0.01) })(floats('x'))),
  sigmoid: unary(T.sigmoid),
  tanh: unary(T.tanh),
  gelu: unary((x) => gelu(x)),
  gelu_tanh: unary((x) => gelu(x, 'tanh')),
  silu: unary(silu),
  softplus: elementwise(({ floats, args }) => {
    args.only('threshold', 20)
    const beta = args.number('beta', 1)
    return beta === 1 ? softplus(floats('x')) : T.div(softplus(T.mul(floats('x'), beta)), beta)
  }),
  elu: elementwise(({ floats, args }) => elu({ alpha: args.number('alpha', 1) })(floats('x'))),
  hardswish: unary(hardswish),
  hardsigmoid: unary(hardsigmoid),
  abs: unary(T.abs),
  neg: unary(T.neg),
  square: unary(T.square),
  erf: unary(T.erf),
  sin: unary(T.sin),
  cos: unary(T.cos),
  floor: unary(T.floor),
  ceil: unary(T.ceil),
  round: unary(T.round),
  trunc: unary(trunc),
  sign: unary(T.sign),
  clamp: elementwise(({ floats, args }) => T.clamp(bounds(args))(floats('x'))),
  clamp_min: elementwise(({ floats, args }) => T.clamp(bounds(args))(floats('x'))),
  clamp_max: elementwise(({ floats, args }) => T.clamp(bounds(args))(floats('x'))),
  logsigmoid: unary(logSigmoid),
  mish: unary(mish),
  expm1: elementwise(({ floats, args }) => T.expm1(T.mul(floats('x'), factorOf(args.text('of', 'x'))))),
  exp: unary(T.exp),
  log: unary(T.log),
  log2: unary((x) => T.mul(T.log(x), Math.LOG2E)),
  log1p: unary(T.log1p),
  sqrt: unary(T.sqrt),
  rsqrt: unary(T.rsqrt),
  reciprocal: unary((x) => T.div(1, x)),
  pow: elementwise(({ floats, args }) => (args.has('exponent') ? T.pow(floats('x'), args.number('exponent')) : T.pow(floats('a'), floats('b')))),
  add: binary((a, b) => T.add(a, b)),
  sub: binary((a, b) => T.sub(a, b)),
  mul: binary((a, b) => T.mul(a, b)),
  div: binary((a, b) => T.div(a, b)),
  maximum: binary((a, b) => T.maximum(a, b)),
  minimum: binary((a, b) => T.minimum(a, b)),
  atan2: binary((a, b) => T.atan2(a, b)),
  where: elementwise(({ truths, floats }) => T.select(truths('c'), floats('a'), floats('b')))
}
