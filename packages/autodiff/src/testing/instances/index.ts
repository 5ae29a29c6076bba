import type { PrimitiveName } from '@tabula/tensor'
import type fc from 'fast-check'
import * as elementwise from './elementwise.js'
import * as indexing from './indexing.js'
import type { Instance } from './instance.js'
import { awayFromHalves, awayFromZero, positive } from './instance.js'
import * as linear from './linear.js'
import { loops } from './loop.js'
import * as movement from './movement.js'
import * as reduction from './reduction.js'
import * as structure from './structure.js'

const { unary, binary, ordered } = elementwise

/** Why a primitive has no instance: no floating-point results of floating-point operands, or a derivative that is declared. */
export type NoInstance = 'not differentiable' | 'declared zero'

/**
 * Random applications of every differentiable primitive, at points where it has a derivative: away from kinks and ties.
 * A primitive without an entry does not compile.
 */
export const differentiableInstances: { readonly [P in PrimitiveName]: fc.Arbitrary<Instance> | NoInstance } = {
  input: 'not differentiable',
  constant: 'not differentiable',
  iota: 'not differentiable',
  randomBits: 'not differentiable',
  neg: unary('neg'),
  abs: unary('abs', awayFromZero),
  sign: unary('sign', awayFromZero),
  floor: unary('floor', awayFromHalves),
  ceil: unary('ceil', awayFromHalves),
  round: unary('round', awayFromHalves),
  exp: unary('exp'),
  expm1: unary('expm1'),
  log: unary('log', positive),
  log1p: unary('log1p', positive),
  sqrt: unary('sqrt', positive),
  sin: unary('sin'),
  cos: unary('cos'),
  tanh: unary('tanh'),
  sigmoid: unary('sigmoid'),
  erf: unary('erf'),
  relu: unary('relu', awayFromZero),
  not: 'not differentiable',
  cast: elementwise.cast,
  add: binary('add'),
  sub: binary('sub'),
  mul: binary('mul'),
  div: binary('div', awayFromZero),
  rem: elementwise.rem,
  pow: elementwise.pow,
  maximum: ordered('maximum'),
  minimum: ordered('minimum'),
  atan2: binary('atan2', awayFromZero),
  equal: 'not differentiable',
  less: 'not differentiable',
  lessEqual: 'not differentiable',
  and: 'not differentiable',
  or: 'not differentiable',
  select: elementwise.select,
  reshape: movement.reshape,
  transpose: movement.transpose,
  broadcastTo: movement.broadcastTo,
  slice: movement.slice,
  pad: movement.pad,
  concatenate: movement.concatenate,
  reverse: movement.reverse,
  reduceSum: reduction.reduceSum,
  reduceMax: reduction.reduceMax,
  argmax: 'not differentiable',
  matmul: linear.matmul,
  conv2d: linear.conv2d,
  conv2dInputGradient: linear.conv2dInputGradient,
  conv2dWeightGradient: linear.conv2dWeightGradient,
  maxPool2d: linear.maxPool2d,
  maxPool2dGradient: linear.maxPool2dGradient,
  upsampleNearest: linear.upsampleNearest,
  windowSum: linear.windowSum,
  gather: indexing.gather,
  scatterAdd: indexing.scatterAdd,
  topK: indexing.topK,
  nms: 'not differentiable',
  roiAlign: indexing.roiAlign,
  roiAlignGradient: indexing.roiAlignGradient,
  stopGradient: 'declared zero',
  barrier: structure.barrier,
  allReduce: structure.allReduce,
  call: structure.call,
  cond: structure.cond,
  scan: loops,
  host: 'not differentiable'
}
