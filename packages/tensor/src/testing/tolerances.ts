import type { PrimitiveName } from '../primitive.js'

/** How far a number may be off: `absolute + relative · (largest magnitude of the result)`. */
export interface Tolerance {
  readonly absolute: number
  readonly relative: number
}

const exact: Tolerance = { absolute: 0, relative: 0 }
/** One rounding of the result. */
const oneRounding: Tolerance = { absolute: 1e-37, relative: 1.2e-7 }
/** A transcendental function of a good single-precision library. */
const approximate: Tolerance = { absolute: 1e-6, relative: 2e-6 }
/** A sum of some hundred terms in any order. */
const sums: Tolerance = { absolute: 1e-5, relative: 1e-5 }

/** Tolerances for devices that compute `f32` in single precision. What moves, compares or counts is exact. */
export const tolerances: { readonly [P in PrimitiveName]: Tolerance } = {
  input: exact, constant: exact, iota: exact, randomBits: exact, stopGradient: exact, barrier: exact, allReduce: exact,
  call: approximate, cond: oneRounding, scan: approximate, host: exact,
  neg: exact, abs: exact, sign: exact, floor: exact, ceil: exact, round: exact, relu: exact, not: exact, cast: oneRounding,
  exp: approximate, expm1: approximate, log: approximate, log1p: approximate, sqrt: approximate, sin: approximate, cos: approximate,
  tanh: approximate, sigmoid: approximate, erf: approximate, pow: { absolute: 1e-6, relative: 5e-6 }, atan2: approximate,
  add: oneRounding, sub: oneRounding, mul: oneRounding, div: approximate, rem: approximate,
  maximum: exact, minimum: exact, equal: exact, less: exact, lessEqual: exact, and: exact, or: exact, select: exact,
  reshape: exact, transpose: exact, broadcastTo: exact, slice: exact, pad: exact, concatenate: exact, reverse: exact,
  reduceSum: sums, reduceMax: exact, argmax: exact,
  matmul: sums, conv2d: sums, conv2dInputGradient: sums, conv2dWeightGradient: sums,
  maxPool2d: exact, maxPool2dGradient: sums, upsampleNearest: exact, windowSum: sums,
  gather: exact, scatterAdd: sums, topK: exact, nms: exact, roiAlign: sums, roiAlignGradient: sums
}
