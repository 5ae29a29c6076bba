import type { PrimitiveName } from '@tabula/tensor'
import * as binary from './binary.js'
import * as indexing from './indexing.js'
import * as linear from './linear.js'
import { scanRule } from './loop.js'
import * as movement from './movement.js'
import * as reduction from './reduction.js'
import type { VjpRules } from './rule.js'
import * as structure from './structure.js'
import * as unary from './unary.js'

const rules = {
  input: 'no operands',
  constant: 'no operands',
  iota: 'no operands',
  randomBits: 'integer results',
  neg: unary.negRule,
  abs: unary.absRule,
  sign: 'zero derivative',
  floor: 'zero derivative',
  ceil: 'zero derivative',
  round: 'zero derivative',
  exp: unary.expRule,
  expm1: unary.expm1Rule,
  log: unary.logRule,
  log1p: unary.log1pRule,
  sqrt: unary.sqrtRule,
  sin: unary.sinRule,
  cos: unary.cosRule,
  tanh: unary.tanhRule,
  sigmoid: unary.sigmoidRule,
  erf: unary.erfRule,
  relu: unary.reluRule,
  not: 'integer results',
  cast: unary.castRule,
  add: binary.addRule,
  sub: binary.subRule,
  mul: binary.mulRule,
  div: binary.divRule,
  rem: binary.remRule,
  pow: binary.powRule,
  maximum: binary.maximumRule,
  minimum: binary.minimumRule,
  atan2: binary.atan2Rule,
  equal: 'integer results',
  less: 'integer results',
  lessEqual: 'integer results',
  and: 'integer results',
  or: 'integer results',
  select: binary.selectRule,
  reshape: movement.reshapeRule,
  transpose: movement.transposeRule,
  broadcastTo: movement.broadcastToRule,
  slice: movement.sliceRule,
  pad: movement.padRule,
  concatenate: movement.concatenateRule,
  reverse: movement.reverseRule,
  reduceSum: reduction.reduceSumRule,
  reduceMax: reduction.reduceMaxRule,
  argmax: 'integer results',
  matmul: linear.matmulRule,
  conv2d: linear.conv2dRule,
  conv2dInputGradient: linear.conv2dInputGradientRule,
  conv2dWeightGradient: linear.conv2dWeightGradientRule,
  maxPool2d: linear.maxPool2dRule,
  maxPool2dGradient: linear.maxPool2dGradientRule,
  upsampleNearest: linear.upsampleNearestRule,
  windowSum: linear.windowSumRule,
  gather: indexing.gatherRule,
  scatterAdd: indexing.scatterAddRule,
  topK: indexing.topKRule,
  nms: 'integer results',
  roiAlign: indexing.roiAlignRule,
  roiAlignGradient: indexing.roiAlignGradientRule,
  stopGradient: 'zero derivative',
  barrier: structure.barrierRule,
  allReduce: structure.allReduceRule,
  call: structure.callRule,
  cond: structure.condRule,
  scan: scanRule,
  host: 'host function'
} satisfies VjpRules

/** How each primitive is differentiated in reverse mode. */
export const vjpRules: VjpRules = rules

/**
 * The primitives that have no derivative: their results are integers or truth values, or a function in the host's memory computes them.
 * Differentiating through one is a `DerivativeError`, and its result is not a `Loss`.
 */
export type NonDifferentiable = {
  readonly [P in PrimitiveName]: (typeof rules)[P] extends 'integer results' | 'host function' ? P : never
}[PrimitiveName]
