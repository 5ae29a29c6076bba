import type { Node, PrimitiveName, Tensor } from '@tabula/tensor'

/** The operands in which a primitive is linear. */
export interface LinearOperands<P extends PrimitiveName = PrimitiveName> {
  readonly of: (node: Node<P>) => readonly number[]
  /** `each`: in any one of them, whatever the others hold. `together`: in all of them at once, so those that are constant must be 0. */
  readonly kind: 'each' | 'together'
}

/**
 * `nowhere`: in none. `through graphs`: as its graphs are. `identity`: each result is the operand at its position, and further
 * operands do not count.
 */
export type Linearity<P extends PrimitiveName = PrimitiveName> = LinearOperands<P> | 'nowhere' | 'through graphs' | 'identity'

const each = (...operands: readonly number[]): LinearOperands => ({ of: () => operands, kind: 'each' })
const together = (...operands: readonly number[]): LinearOperands => ({ of: () => operands, kind: 'together' })
const all = (inputs: readonly Tensor[]): readonly number[] => inputs.map((_, index) => index)

/** In which operands each primitive is linear, as a function of its values: declared derivatives do not matter. */
export const linearOperands: { readonly [P in PrimitiveName]: Linearity<P> } = {
  input: 'nowhere',
  constant: 'nowhere',
  iota: 'nowhere',
  randomBits: 'nowhere',
  neg: each(0),
  abs: 'nowhere',
  sign: 'nowhere',
  floor: 'nowhere',
  ceil: 'nowhere',
  round: 'nowhere',
  exp: 'nowhere',
  expm1: 'nowhere',
  log: 'nowhere',
  log1p: 'nowhere',
  sqrt: 'nowhere',
  sin: 'nowhere',
  cos: 'nowhere',
  tanh: 'nowhere',
  sigmoid: 'nowhere',
  erf: 'nowhere',
  relu: 'nowhere',
  not: 'nowhere',
  cast: { of: ({ attributes, inputs }) => (attributes.dtype === 'f32' && inputs[0]?.dtype === 'f32' ? [0] : []), kind: 'each' },
  add: together(0, 1),
  sub: together(0, 1),
  mul: each(0, 1),
  div: each(0),
  rem: 'nowhere',
  pow: 'nowhere',
  maximum: 'nowhere',
  minimum: 'nowhere',
  atan2: 'nowhere',
  equal: 'nowhere',
  less: 'nowhere',
  lessEqual: 'nowhere',
  and: 'nowhere',
  or: 'nowhere',
  select: together(1, 2),
  reshape: each(0),
  transpose: each(0),
  broadcastTo: each(0),
  slice: each(0),
  pad: { of: ({ attributes: { value } }) => (value === 0 ? [0] : []), kind: 'each' },
  concatenate: { of: ({ inputs }) => all(inputs), kind: 'together' },
  reverse: each(0),
  reduceSum: each(0),
  reduceMax: 'nowhere',
  argmax: 'nowhere',
  matmul: each(0, 1),
  conv2d: each(0, 1),
  conv2dInputGradient: each(0, 1),
  conv2dWeightGradient: each(0, 1),
  maxPool2d: 'nowhere',
  maxPool2dGradient: each(1),
  upsampleNearest: each(0),
  windowSum: each(0),
  gather: each(0),
  scatterAdd: each(1),
  topK: 'nowhere',
  nms: 'nowhere',
  roiAlign: { of: ({ attributes: { scales } }) => scales.map((_, level) => level), kind: 'together' },
  roiAlignGradient: each(0),
  stopGradient: 'identity',
  barrier: 'identity',
  allReduce: each(0),
  call: 'through graphs',
  cond: 'through graphs',
  scan: 'through graphs',
  host: 'nowhere'
}
