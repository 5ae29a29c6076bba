import { bind } from '@tabula/tensor'
import type { Sizes } from '@tabula/tensor'
import fc from 'fast-check'
import type { RandomNumbers } from '../random.js'
import { distinct, fill, instanceOf, instances, shapes, smooth, variable } from './instance.js'
import type { Instance } from './instance.js'
import { someAxes } from './movement.js'

interface Reduction {
  readonly shape: Sizes
  readonly axes: readonly number[]
  readonly keepDimensions: boolean
}

/** Over any axes; and over the first and third, with the second left between them. */
const reductions = (build: (reduction: Reduction, random: RandomNumbers) => Instance): fc.Arbitrary<Instance> =>
  fc.oneof(
    {
      weight: 4,
      arbitrary: instances(shapes({ maxRank: 4 }), (shape, random) =>
        build({ shape, axes: someAxes(shape.length, random), keepDimensions: random.below(2) === 0 }, random)
      )
    },
    {
      weight: 1,
      arbitrary: instances(fc.tuple(...[2, 3, 2].map((max) => fc.integer({ min: 1, max }))), (shape, random) =>
        build({ shape, axes: [0, 2], keepDimensions: false }, random)
      )
    }
  )

export const reduceSum: fc.Arbitrary<Instance> = reductions(({ shape, ...attributes }, random) =>
  instanceOf('reduceSum', attributes, [variable(fill(shape, smooth(random)))])
)

const withoutTies = reductions(({ shape, ...attributes }, random) => instanceOf('reduceMax', attributes, distinct(random, shape).map(variable)))

/** Over every element twice, so that all maxima are ties, which no movement breaks. */
const twice: fc.Arbitrary<Instance> = instances(shapes({ minRank: 1 }), (shape, random) => {
  const axis = random.below(shape.length)
  const attributes = { axes: [axis], keepDimensions: random.below(2) === 0 }
  return {
    primitive: 'reduceMax',
    attributes,
    variables: distinct(random, shape),
    apply: (variables) => [bind('reduceMax', attributes, bind('concatenate', { axis }, ...variables, ...variables))]
  }
})

/** Without ties that a movement breaks. */
export const reduceMax: fc.Arbitrary<Instance> = fc.oneof({ weight: 5, arbitrary: withoutTies }, { weight: 1, arbitrary: twice })
