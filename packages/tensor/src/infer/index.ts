import type { Dtype } from '../dtype.js'
import type { Abstract } from '../node.js'
import type { Attributes, PrimitiveName } from '../primitive.js'
import { operand, requireDtype, require } from './checks.js'
import { sameShape, showShape } from '../shape.js'
import * as elementwise from './elementwise.js'
import * as indexing from './indexing.js'
import * as linear from './linear.js'
import * as movement from './movement.js'
import * as reduction from './reduction.js'
import * as structure from './structure.js'

/** Shape and type of each output, from the attributes and the operands. Throws `ShapeError` or `DtypeError`. */
export type ShapeRule<P extends PrimitiveName> = (attributes: Attributes[P], inputs: readonly Abstract[]) => readonly Abstract[]

/** A shape rule for every primitive. */
export type ShapeRules = { readonly [P in PrimitiveName]: ShapeRule<P> }

const unchanged = (operation: string) => (_attributes: unknown, inputs: readonly Abstract[]): readonly Abstract[] => {
  const { shape, dtype } = operand(operation, inputs, 0)
  return [{ shape, dtype }]
}

const { unary, binary, comparison } = elementwise
const anyDtype: readonly Dtype[] = ['f32', 'i32', 'u32', 'bool']

/** The shape rules: what is well-formed and what comes out. */
export const shapeRules: ShapeRules = {
  input: ({ shape, dtype }) => [{ shape, dtype }],
  constant: ({ value: { shape, dtype } }) => [{ shape, dtype }],
  iota: ({ shape, dtype, axis }) => {
    require(axis >= 0 && axis < shape.length, 'iota', 'axis', `an axis of ${showShape(shape)}`, String(axis))
    return [{ shape, dtype }]
  },
  randomBits: ({ shape }, inputs) => {
    const key = operand('randomBits', inputs, 0)
    requireDtype('randomBits', 'key', key, 'u32')
    require(sameShape(key.shape, [2]), 'randomBits', 'key', '[2]', showShape(key.shape))
    return [{ shape, dtype: 'u32' }]
  },
  neg: unary('neg', 'f32', 'i32'),
  abs: unary('abs', 'f32', 'i32'),
  sign: unary('sign', 'f32', 'i32'),
  floor: unary('floor', 'f32'),
  ceil: unary('ceil', 'f32'),
  round: unary('round', 'f32'),
  exp: unary('exp', 'f32'),
  expm1: unary('expm1', 'f32'),
  log: unary('log', 'f32'),
  log1p: unary('log1p', 'f32'),
  sqrt: unary('sqrt', 'f32'),
  sin: unary('sin', 'f32'),
  cos: unary('cos', 'f32'),
  tanh: unary('tanh', 'f32'),
  sigmoid: unary('sigmoid', 'f32'),
  erf: unary('erf', 'f32'),
  relu: unary('relu', 'f32'),
  not: unary('not', 'bool'),
  cast: ({ dtype }, inputs) => [{ shape: operand('cast', inputs, 0).shape, dtype }],
  add: binary('add', 'f32', 'i32', 'u32'),
  sub: binary('sub', 'f32', 'i32', 'u32'),
  mul: binary('mul', 'f32', 'i32', 'u32'),
  div: binary('div', 'f32', 'i32', 'u32'),
  rem: binary('rem', 'f32', 'i32', 'u32'),
  pow: binary('pow', 'f32'),
  maximum: binary('maximum', 'f32', 'i32', 'u32'),
  minimum: binary('minimum', 'f32', 'i32', 'u32'),
  atan2: binary('atan2', 'f32'),
  equal: comparison('equal', ...anyDtype),
  less: comparison('less', 'f32', 'i32', 'u32'),
  lessEqual: comparison('lessEqual', 'f32', 'i32', 'u32'),
  and: binary('and', 'bool'),
  or: binary('or', 'bool'),
  select: elementwise.select,
  reshape: movement.reshape,
  transpose: movement.transpose,
  broadcastTo: movement.broadcastTo,
  slice: movement.slice,
  pad: movement.pad,
  concatenate: movement.concatenate,
  reverse: movement.reverse,
  reduceSum: reduction.reduction('reduceSum', 'f32', 'i32'),
  reduceMax: reduction.reduction('reduceMax', 'f32', 'i32'),
  argmax: reduction.argmax,
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
  nms: indexing.nms,
  roiAlign: indexing.roiAlign,
  roiAlignGradient: indexing.roiAlignGradient,
  stopGradient: unchanged('stopGradient'),
  barrier: (_attributes, inputs) => {
    operand('barrier', inputs, 1)
    return inputs.slice(0, -1).map(({ shape, dtype }) => ({ shape, dtype }))
  },
  allReduce: (_attributes, inputs) => {
    const x = operand('allReduce', inputs, 0)
    requireDtype('allReduce', 'operand', x, 'f32')
    return [{ shape: x.shape, dtype: x.dtype }]
  },
  call: structure.call,
  cond: structure.cond,
  scan: structure.scan,
  host: structure.host
}
