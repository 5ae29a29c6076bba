import * as fc from 'fast-check'
import type { Dtype } from '../dtype.js'
import type { Attributes } from '../primitive.js'
import { sizeOf } from '../shape.js'
import type { HostValue } from '../value.js'
import type { Instance, Instances } from './instance.js'
import { anyValues, axisSizes, dtypes, shapes, values } from './values.js'

const permutations = (rank: number): fc.Arbitrary<readonly number[]> => {
  const axes = Array.from({ length: rank }, (_, axis) => axis)
  return fc.shuffledSubarray(axes, { minLength: rank, maxLength: rank })
}

/** Some of the axes of a rank, ascending. */
const someAxes = (rank: number): fc.Arbitrary<readonly number[]> => fc.subarray(Array.from({ length: rank }, (_, axis) => axis))

/** Other shapes with as many elements: axes merged, axes of size 1 added. */
const reshapings: Instances<'reshape'> = fc.tuple(anyValues(), fc.nat(3), fc.nat(3), fc.boolean()).map(([x, from, merged, extra]): Instance<'reshape'> => {
  const start = Math.min(from, x.shape.length)
  const end = Math.min(start + merged, x.shape.length)
  const shape = [...x.shape.slice(0, start), sizeOf(x.shape.slice(start, end)), ...x.shape.slice(end), ...(extra ? [1] : [])]
  return { attributes: { shape }, inputs: [x] }
})

const transpositions: Instances<'transpose'> = anyValues().chain((x) => permutations(x.shape.length).map((permutation) => ({ attributes: { permutation }, inputs: [x] })))

const broadcasts: Instances<'broadcastTo'> = fc.tuple(dtypes, shapes()).chain(([dtype, shape]) =>
  fc.tuple(fc.array(fc.boolean(), { minLength: shape.length, maxLength: shape.length }), fc.nat(shape.length)).chain(([single, missing]) => {
    const from = shape.map((size, axis) => (single[axis] === true || axis < missing ? 1 : size)).slice(missing)
    return values<Dtype>(dtype, from).map((x) => ({ attributes: { shape }, inputs: [x] }))
  })
)

const slices: Instances<'slice'> = anyValues().chain((x) =>
  fc.tuple(...x.shape.map((size) => fc.tuple(fc.nat(size), fc.nat(size), fc.integer({ min: 1, max: 3 })))).map((cuts): Instance<'slice'> => ({
    attributes: {
      start: cuts.map(([a, b]) => Math.min(a, b)),
      // Mostly whole extents, so that results are seldom empty.
      limit: cuts.map(([a, b], axis) => (a === b ? (x.shape[axis] ?? 0) : Math.max(a, b))),
      stride: cuts.map(([, , step]) => step)
    },
    inputs: [x]
  }))
)

const paddings: Instances<'pad'> = anyValues().chain((x) =>
  fc
    .tuple(fc.array(fc.tuple(fc.nat(2), fc.nat(2), fc.constantFrom(0, 0, 1, 2)), { minLength: x.shape.length, maxLength: x.shape.length }), fc.constantFrom(0, 0, 1))
    .map(([amounts, value]): Instance<'pad'> => ({
      attributes: { low: amounts.map(([n]) => n), high: amounts.map(([, n]) => n), interior: amounts.map(([, , n]) => n), value },
      inputs: [x]
    }))
)

const concatenations: Instances<'concatenate'> = fc.tuple(dtypes, shapes({ minRank: 1 }), fc.nat(3), fc.array(axisSizes, { minLength: 1, maxLength: 4 })).chain(([dtype, shape, place, parts]) => {
  const axis = place % shape.length
  return fc.tuple(...parts.map((size) => values<Dtype>(dtype, shape.map((whole, a) => (a === axis ? size : whole))))).map((inputs) => ({ attributes: { axis }, inputs }))
})

const reversals: Instances<'reverse'> = anyValues().chain((x) => someAxes(x.shape.length).map((axes) => ({ attributes: { axes }, inputs: [x] })))

const iotas: Instances<'iota'> = fc
  .tuple(shapes({ minRank: 1 }), fc.constantFrom('f32' as const, 'i32' as const), fc.nat(3))
  .map(([shape, dtype, place]) => ({ attributes: { shape, dtype, axis: place % shape.length }, inputs: [] }))

const randomBits: Instances<'randomBits'> = fc
  .tuple(shapes(), values('u32', [2], fc.nat(0xffff_ffff)))
  .map(([shape, key]) => ({ attributes: { shape }, inputs: [key] }))

/** Instances of the primitives that make or move elements. */
export const movementInstances = {
  iota: iotas,
  randomBits,
  reshape: reshapings,
  transpose: transpositions,
  broadcastTo: broadcasts,
  slice: slices,
  pad: paddings,
  concatenate: concatenations,
  reverse: reversals
}

const reductions = (empty: boolean): fc.Arbitrary<{ readonly attributes: Attributes['reduceSum' | 'reduceMax']; readonly inputs: readonly HostValue[] }> =>
  fc
    .tuple(fc.constantFrom('f32' as const, 'f32' as const, 'i32' as const), shapes({ empty }), fc.boolean())
    .chain(([dtype, shape, keepDimensions]) =>
      fc.tuple(values<Dtype>(dtype, shape), someAxes(shape.length)).map(([x, axes]) => ({ attributes: { axes, keepDimensions }, inputs: [x] }))
    )

const winners: Instances<'argmax'> = fc
  .tuple(fc.constantFrom('f32' as const, 'f32' as const, 'i32' as const), shapes({ minRank: 1, empty: false }), fc.nat(3))
  .chain(([dtype, shape, place]) => values<Dtype>(dtype, shape, fc.integer({ min: -2, max: 2 })).map((x) => ({ attributes: { axis: place % shape.length }, inputs: [x] })))

/** Instances of the reductions; a maximum of nothing is left out, because engines differ on integers. */
export const reductionInstances = { reduceSum: reductions(true), reduceMax: reductions(false), argmax: winners }

