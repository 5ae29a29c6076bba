import type { PrimitiveName } from '../../../primitive.js'
import type { ScalarName } from './scalar.js'

/**
 * How a primitive runs: element by element or as an index map within the kernels that use it, by kernels of its own, not at all since
 * the program is rewritten without it, or on the host, with the reason.
 */
export type Route = 'elementwise' | 'view' | 'kernel' | 'data' | 'rewritten' | { readonly host: string }

const dataDependent: Route = { host: 'its order of work depends on the data' }
const boxDependent: Route = { host: 'its cells depend on the boxes' }

/** The route of every primitive: total, so that the compiler names a primitive without one. Scalar functions are a total record too. */
export const routes: { readonly [P in PrimitiveName]: P extends ScalarName ? 'elementwise' : Route } = {
  input: 'data',
  constant: 'data',
  iota: 'view',
  randomBits: { host: 'it is integer arithmetic on a key' },
  neg: 'elementwise',
  abs: 'elementwise',
  sign: 'elementwise',
  floor: 'elementwise',
  ceil: 'elementwise',
  round: 'elementwise',
  exp: 'elementwise',
  expm1: 'elementwise',
  log: 'elementwise',
  log1p: 'elementwise',
  sqrt: 'elementwise',
  sin: 'elementwise',
  cos: 'elementwise',
  tanh: 'elementwise',
  sigmoid: 'elementwise',
  erf: 'elementwise',
  relu: 'elementwise',
  not: 'elementwise',
  cast: 'elementwise',
  add: 'elementwise',
  sub: 'elementwise',
  mul: 'elementwise',
  div: 'elementwise',
  rem: 'elementwise',
  pow: 'elementwise',
  maximum: 'elementwise',
  minimum: 'elementwise',
  atan2: 'elementwise',
  equal: 'elementwise',
  less: 'elementwise',
  lessEqual: 'elementwise',
  and: 'elementwise',
  or: 'elementwise',
  select: 'elementwise',
  reshape: 'view',
  transpose: 'view',
  broadcastTo: 'view',
  slice: 'view',
  pad: 'view',
  concatenate: 'view',
  reverse: 'view',
  reduceSum: 'kernel',
  reduceMax: 'kernel',
  argmax: 'kernel',
  matmul: 'kernel',
  conv2d: 'kernel',
  conv2dInputGradient: 'kernel',
  conv2dWeightGradient: 'kernel',
  maxPool2d: 'kernel',
  maxPool2dGradient: 'kernel',
  upsampleNearest: 'view',
  windowSum: 'kernel',
  gather: 'view',
  scatterAdd: 'kernel',
  topK: dataDependent,
  nms: dataDependent,
  roiAlign: boxDependent,
  roiAlignGradient: boxDependent,
  stopGradient: 'rewritten',
  barrier: 'rewritten',
  allReduce: 'rewritten',
  call: 'rewritten',
  cond: 'rewritten'
}
