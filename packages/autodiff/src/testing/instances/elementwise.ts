import { bindAll, hostValue, sizeOf } from '@tabula/tensor'
import type { Attributes, NoAttributes, PrimitiveName } from '@tabula/tensor'
import fc from 'fast-check'
import type { RandomNumbers } from '../random.js'
import {
  awayFromHalves,
  awayFromZero,
  broadcastPairs,
  distinct,
  fill,
  fixed,
  instanceOf,
  instances,
  positive,
  shapes,
  smooth,
  variable
} from './instance.js'
import type { Instance } from './instance.js'

/** Primitives without attributes. */
type Plain = { readonly [P in PrimitiveName]: NoAttributes extends Attributes[P] ? P : never }[PrimitiveName]
type Values = (random: RandomNumbers) => () => number

/** One operand, from the values given. */
export const unary = (primitive: Plain, values: Values = smooth): fc.Arbitrary<Instance> =>
  instances(shapes(), (shape, random) => instanceOf(primitive, {}, [variable(fill(shape, values(random)))]))

/** Two operands that broadcast. */
export const binary = (primitive: Plain, first: Values = smooth, second: Values = first): fc.Arbitrary<Instance> =>
  instances(broadcastPairs, ([a, b], random) =>
    instanceOf(primitive, {}, [variable(fill(a, first(random))), variable(fill(b, second(random)))])
  )

/** Both operands the same: equal everywhere, and yet smooth, as neither can become the larger. */
const tied = (primitive: Plain): fc.Arbitrary<Instance> =>
  instances(shapes(), (shape, random) => ({
    primitive,
    attributes: {},
    variables: [fill(shape, smooth(random))],
    apply: (variables) => bindAll(primitive, {}, ...variables, ...variables)
  }))

/** Two operands that broadcast, no element of one near any of the other; or the same operand twice. */
export const ordered = (primitive: Plain): fc.Arbitrary<Instance> =>
  fc.oneof(
    {
      weight: 5,
      arbitrary: instances(broadcastPairs, ([a, b], random) => instanceOf(primitive, {}, distinct(random, a, b).map(variable)))
    },
    { weight: 1, arbitrary: tied(primitive) }
  )

/** Kept away from where the quotient is whole. */
export const rem: fc.Arbitrary<Instance> = instances(shapes(), (shape, random) => {
  const divisors = fill(shape, () => random.uniform(0.5, 1.5) * (random.below(2) === 0 ? -1 : 1))
  const quotient = awayFromHalves(random)
  let next = 0
  const dividends = fill(shape, () => (divisors.data[next++] ?? 1) * quotient())
  return instanceOf('rem', {}, [variable(dividends), variable(divisors)])
})

/** Zero one time in three. */
const orZero = (random: RandomNumbers, next: () => number) => (): number => (random.below(3) === 0 ? 0 : next())

/**
 * A positive base, constant exponents among them, as rules shorten those; and where a power is smooth beside: any base with whole
 * exponents, a base that is zero and stays so, and exponents that are zero.
 */
export const pow: fc.Arbitrary<Instance> = fc.oneof(
  binary('pow', positive, smooth),
  instances(fc.tuple(shapes(), fc.constantFrom(0, 1, 2, 3, -1, 0.5, 2.5)), ([shape, exponent], random) =>
    instanceOf('pow', {}, [variable(fill(shape, positive(random))), fixed(hostValue('f32', [], Float64Array.of(exponent)))])
  ),
  instances(fc.tuple(shapes(), fc.constantFrom(2, 3)), ([shape, exponent], random) =>
    instanceOf('pow', {}, [variable(fill(shape, awayFromZero(random))), fixed(fill(shape, () => exponent))])
  ),
  instances(shapes(), (shape, random) =>
    instanceOf('pow', {}, [variable(fill(shape, orZero(random, smooth(random)))), fixed(fill(shape, () => random.below(4)))])
  ),
  instances(shapes(), (shape, random) =>
    instanceOf('pow', {}, [fixed(fill(shape, orZero(random, positive(random)))), variable(fill(shape, positive(random)))])
  ),
  binary('pow', positive, (random) => orZero(random, smooth(random)))
)

/** A random condition. */
export const select: fc.Arbitrary<Instance> = instances(broadcastPairs, ([a, b], random) => {
  const condition = Uint8Array.from({ length: sizeOf(b) }, () => random.below(2))
  return instanceOf('select', {}, [
    fixed(hostValue('bool', b, condition)),
    variable(fill(a, smooth(random))),
    variable(fill(b, smooth(random)))
  ])
})

/** f32 to f32, and through whole numbers, which do not move. */
export const cast: fc.Arbitrary<Instance> = fc.oneof(
  instances(shapes(), (shape, random) => instanceOf('cast', { dtype: 'f32' }, [variable(fill(shape, smooth(random)))])),
  instances(shapes(), (shape, random) => ({
    primitive: 'cast',
    attributes: { dtype: 'i32' },
    variables: [fill(shape, awayFromHalves(random))],
    apply: (variables) => bindAll('cast', { dtype: 'f32' }, ...bindAll('cast', { dtype: 'i32' }, ...variables))
  }))
)
