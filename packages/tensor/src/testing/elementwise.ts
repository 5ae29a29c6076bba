import * as fc from 'fast-check'
import type { Dtype } from '../dtype.js'
import type { Plain, Instances } from './instance.js'
import { binaryInstances, unaryInstances } from './instance.js'
import { anyValues, broadcastingShapes, dtypes, mixedReals, reals, values } from './values.js'

const arithmetic: readonly [Dtype, ...Dtype[]] = ['f32', 'f32', 'f32', 'i32', 'u32']
const signed: readonly [Dtype, ...Dtype[]] = ['f32', 'f32', 'i32']
const quarters = fc.integer({ min: -20, max: 20 }).map((n) => n / 4)
const nonZero = { f32: quarters.map((x) => (x === 0 ? 0.5 : x)), i32: fc.integer({ min: -5, max: 5 }).map((n) => (n === 0 ? 7 : n)), u32: fc.integer({ min: 1, max: 9 }) }

const powers: fc.Arbitrary<Plain> = fc.oneof(
  binaryInstances(['f32'], { f32: reals(0.125, 3) }, { f32: reals(-2, 3) }),
  binaryInstances(['f32'], { f32: nonZero.f32 }, { f32: fc.integer({ min: -3, max: 3 }) })
)

const selections: Instances<'select'> = fc.tuple(dtypes, broadcastingShapes, fc.nat(2)).chain(([dtype, [a, b], place]) => {
  // The condition takes each of the three parts of a broadcast in turn.
  const [condition, whenTrue, whenFalse] = [[a, b, b], [b, a, b], [b, b, a]][place] ?? [a, b, b]
  return fc
    .tuple(values('bool', condition ?? a), values<Dtype>(dtype, whenTrue ?? b), values<Dtype>(dtype, whenFalse ?? b))
    .map((inputs) => ({ attributes: {}, inputs }))
})

const casts: Instances<'cast'> = fc.tuple(anyValues(), dtypes).map(([x, dtype]) => {
  // A negative real has no unsigned counterpart that all engines agree on.
  const negative = dtype === 'u32' && x.dtype === 'f32'
  return { attributes: { dtype }, inputs: [negative ? { ...x, data: Float32Array.from(x.data, Math.abs) } : x] }
})

/** Instances of the elementwise primitives. Real operands lie where the functions are well conditioned. */
export const elementwiseInstances = {
  neg: unaryInstances(signed),
  abs: unaryInstances(signed),
  sign: unaryInstances(signed),
  floor: unaryInstances(['f32']),
  ceil: unaryInstances(['f32']),
  round: unaryInstances(['f32'], fc.oneof(fc.integer({ min: -9, max: 9 }).map((n) => n / 2), mixedReals)),
  exp: unaryInstances(['f32'], reals(-10, 5)),
  expm1: unaryInstances(['f32'], fc.oneof(reals(-3, 3), reals(-1e-3, 1e-3))),
  log: unaryInstances(['f32'], reals(0.001, 20)),
  log1p: unaryInstances(['f32'], fc.oneof(reals(-0.75, 9), reals(-1e-3, 1e-3))),
  sqrt: unaryInstances(['f32'], reals(0, 20)),
  sin: unaryInstances(['f32'], reals(-7, 7)),
  cos: unaryInstances(['f32'], reals(-7, 7)),
  tanh: unaryInstances(['f32'], fc.oneof(mixedReals, reals(-100, 100))),
  sigmoid: unaryInstances(['f32'], fc.oneof(mixedReals, reals(-100, 100))),
  erf: unaryInstances(['f32'], fc.oneof(mixedReals, reals(-8, 8))),
  relu: unaryInstances(['f32']),
  not: unaryInstances(['bool']),
  cast: casts,
  add: binaryInstances(arithmetic),
  sub: binaryInstances(arithmetic, { u32: fc.integer({ min: 20, max: 40 }) }, { u32: fc.nat(20) }),
  mul: binaryInstances(arithmetic),
  div: binaryInstances(arithmetic, {}, nonZero),
  rem: binaryInstances(arithmetic, { f32: quarters }, nonZero),
  pow: powers,
  maximum: binaryInstances(arithmetic),
  minimum: binaryInstances(arithmetic),
  atan2: binaryInstances(['f32']),
  equal: binaryInstances([...arithmetic, 'bool']),
  less: binaryInstances(arithmetic),
  lessEqual: binaryInstances(arithmetic),
  and: binaryInstances(['bool']),
  or: binaryInstances(['bool']),
  select: selections
}
