import { hostValue, sizeOf } from '@tabula/tensor'
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

/** Two operands that broadcast, no element of one near any of the other. */
export const ordered = (primitive: Plain): fc.Arbitrary<Instance> =>
  instances(broadcastPairs, ([a, b], random) => instanceOf(primitive, {}, distinct(random, a, b).map(variable)))

/** Kept away from where the quotient is whole. */
export const rem: fc.Arbitrary<Instance> = instances(shapes(), (shape, random) => {
  const divisors = fill(shape, () => random.uniform(0.5, 1.5) * (random.below(2) === 0 ? -1 : 1))
  const quotient = awayFromHalves(random)
  let next = 0
  const dividends = fill(shape, () => (divisors.data[next++] ?? 1) * quotient())
  return instanceOf('rem', {}, [variable(dividends), variable(divisors)])
})

/** A positive base, constant exponents among them, as rules shorten those. */
export const pow: fc.Arbitrary<Instance> = fc.oneof(
  binary('pow', positive, smooth),
  instances(fc.tuple(shapes(), fc.constantFrom(0, 1, 2, 3, -1, 0.5, 2.5)), ([shape, exponent], random) =>
    instanceOf('pow', {}, [variable(fill(shape, positive(random))), fixed(hostValue('f32', [], Float64Array.of(exponent)))])
  ),
  instances(fc.tuple(shapes(), fc.constantFrom(2, 3)), ([shape, exponent], random) =>
    instanceOf('pow', {}, [variable(fill(shape, awayFromZero(random))), fixed(fill(shape, () => exponent))])
  )
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

/** f32 to f32; other types have no derivative. */
export const cast: fc.Arbitrary<Instance> = instances(shapes(), (shape, random) =>
  instanceOf('cast', { dtype: 'f32' }, [variable(fill(shape, smooth(random)))])
)
