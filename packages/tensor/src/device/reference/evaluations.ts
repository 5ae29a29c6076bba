import type { PrimitiveName } from '../../primitive.js'
import * as convolution from './convolution.js'
import { binary, cast, divide, multiply, remainder, select, unary } from './elementwise.js'
import type { Evaluation } from './evaluation.js'
import { host } from './host.js'
import * as indexing from './indexing.js'
import { matmul } from './linear.js'
import * as movement from './movement.js'
import * as order from './order.js'
import * as pooling from './pooling.js'
import * as reduction from './reduction.js'
import * as roi from './roi.js'
import { erf, power, roundHalfEven } from './special.js'
import * as structure from './structure.js'

/** An evaluation for every primitive: what the primitives mean. */
export type Evaluations = { readonly [P in PrimitiveName]: Evaluation<P> }

const truth = (condition: boolean): number => (condition ? 1 : 0)

/** Placeholders are bound by `evaluate`, which never comes here. */
const unbound: Evaluation<'input'> = ({ name }) => {
  throw new ReferenceError(`the placeholder "${name}" is not an input of its graph`)
}

/** The evaluations. Arithmetic is IEEE double; integers are modulo 2³² (a typed array keeps the low 32 bits). */
export const evaluations: Evaluations = {
  input: unbound,
  constant: ({ value }) => [value],
  iota: movement.iota,
  randomBits: movement.randomBits,
  neg: unary((x) => -x),
  abs: unary(Math.abs),
  sign: unary((x) => Number(x > 0) - Number(x < 0)),
  floor: unary(Math.floor),
  ceil: unary(Math.ceil),
  round: unary(roundHalfEven),
  exp: unary(Math.exp),
  expm1: unary(Math.expm1),
  log: unary(Math.log),
  log1p: unary(Math.log1p),
  sqrt: unary(Math.sqrt),
  sin: unary(Math.sin),
  cos: unary(Math.cos),
  tanh: unary(Math.tanh),
  sigmoid: unary((x) => 1 / (1 + Math.exp(-x))),
  erf: unary(erf),
  relu: unary((x) => (x < 0 ? 0 : x)),
  not: unary((x) => 1 - x),
  cast,
  add: binary((a, b) => a + b),
  sub: binary((a, b) => a - b),
  mul: binary(multiply),
  div: binary(divide),
  rem: binary(remainder),
  pow: binary(power),
  maximum: binary((a, b) => Math.max(a, b)),
  minimum: binary((a, b) => Math.min(a, b)),
  atan2: binary((a, b) => Math.atan2(a, b)),
  equal: binary((a, b) => truth(a === b)),
  less: binary((a, b) => truth(a < b)),
  lessEqual: binary((a, b) => truth(a <= b)),
  and: binary((a, b) => a & b),
  or: binary((a, b) => a | b),
  select,
  reshape: movement.reshape,
  transpose: movement.transpose,
  broadcastTo: movement.broadcastTo,
  slice: movement.slice,
  pad: movement.pad,
  concatenate: movement.concatenate,
  reverse: movement.reverse,
  reduceSum: reduction.reduceSum,
  reduceMax: reduction.reduceMax,
  argmax: reduction.argmax,
  matmul,
  conv2d: convolution.conv2d,
  conv2dInputGradient: convolution.conv2dInputGradient,
  conv2dWeightGradient: convolution.conv2dWeightGradient,
  maxPool2d: pooling.maxPool2d,
  maxPool2dGradient: pooling.maxPool2dGradient,
  upsampleNearest: pooling.upsampleNearest,
  windowSum: pooling.windowSum,
  gather: indexing.gather,
  scatterAdd: indexing.scatterAdd,
  topK: order.topK,
  nms: order.nms,
  roiAlign: roi.roiAlign,
  roiAlignGradient: roi.roiAlignGradient,
  stopGradient: structure.identity,
  barrier: structure.barrier,
  allReduce: structure.identity,
  call: structure.call,
  cond: structure.cond,
  scan: structure.scan,
  host
}
