import type fc from 'fast-check'
import { distinct, fill, instanceOf, instances, shapes, smooth, variable } from './instance.js'
import type { Instance } from './instance.js'
import { someAxes } from './movement.js'

export const reduceSum: fc.Arbitrary<Instance> = instances(shapes({ maxRank: 4 }), (shape, random) =>
  instanceOf('reduceSum', { axes: someAxes(shape.length, random), keepDimensions: random.below(2) === 0 }, [
    variable(fill(shape, smooth(random)))
  ])
)

/** Without ties. */
export const reduceMax: fc.Arbitrary<Instance> = instances(shapes({ maxRank: 4 }), (shape, random) =>
  instanceOf(
    'reduceMax',
    { axes: someAxes(shape.length, random), keepDimensions: random.below(2) === 0 },
    distinct(random, shape).map(variable)
  )
)
