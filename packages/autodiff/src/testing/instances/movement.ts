import fc from 'fast-check'
import { fill, instanceOf, instances, shapes, smooth, variable } from './instance.js'
import type { Instance } from './instance.js'
import type { RandomNumbers } from '../random.js'
import { sizeOf } from '@tabula/tensor'

/** Merged into one axis, or split off one of size 1. */
export const reshape: fc.Arbitrary<Instance> = instances(shapes(), (shape, random) =>
  instanceOf('reshape', { shape: random.below(2) === 0 ? [sizeOf(shape)] : [...shape, 1] }, [
    variable(fill(shape, smooth(random)))
  ])
)

export const transpose: fc.Arbitrary<Instance> = instances(shapes(), (shape, random) =>
  instanceOf('transpose', { permutation: random.shuffle(shape.map((_, axis) => axis)) }, [variable(fill(shape, smooth(random)))])
)

export const broadcastTo: fc.Arbitrary<Instance> = instances(shapes({ maxRank: 4 }), (shape, random) => {
  const dropped = random.below(shape.length + 1)
  const from = shape.map((size) => (random.below(2) === 0 ? 1 : size)).slice(dropped)
  return instanceOf('broadcastTo', { shape }, [variable(fill(from, smooth(random)))])
})

/** Every second element, without the first and the last: zeros go around and between all that was taken. */
const everySecond: fc.Arbitrary<Instance> = instances(shapes({ minRank: 1, maxRank: 2 }), (counts, random) => {
  const shape = counts.map((count) => 2 * count + 1)
  const attributes = { start: shape.map(() => 1), limit: shape.map((size) => size - 1), stride: shape.map(() => 2) }
  return instanceOf('slice', attributes, [variable(fill(shape, smooth(random)))])
})

const anySlice: fc.Arbitrary<Instance> = instances(shapes(), (shape, random) => {
  const start = shape.map((size) => random.below(size + 1))
  const limit = shape.map((size, axis) => (start[axis] ?? 0) + random.below(size - (start[axis] ?? 0) + 1))
  const stride = shape.map(() => 1 + random.below(3))
  return instanceOf('slice', { start, limit, stride }, [variable(fill(shape, smooth(random)))])
})

export const slice: fc.Arbitrary<Instance> = fc.oneof({ weight: 5, arbitrary: anySlice }, { weight: 1, arbitrary: everySecond })

export const pad: fc.Arbitrary<Instance> = instances(shapes({ minSize: 0 }), (shape, random) => {
  const amounts = (): readonly number[] => shape.map(() => random.below(3))
  return instanceOf('pad', { low: amounts(), high: amounts(), interior: amounts(), value: 0.5 }, [
    variable(fill(shape, smooth(random)))
  ])
})

export const concatenate: fc.Arbitrary<Instance> = instances(
  fc.tuple(shapes({ minRank: 1 }), fc.integer({ min: 1, max: 3 })),
  ([shape, count], random) => {
    const axis = random.below(shape.length)
    const operands = Array.from({ length: count }, () => shape.map((size, a) => (a === axis ? random.below(4) : size)))
    return instanceOf(
      'concatenate',
      { axis },
      operands.map((operand) => variable(fill(operand, smooth(random))))
    )
  }
)

export const reverse: fc.Arbitrary<Instance> = instances(shapes(), (shape, random) =>
  instanceOf('reverse', { axes: someAxes(shape.length, random) }, [variable(fill(shape, smooth(random)))])
)

/** A random set of axes, ascending. */
export const someAxes = (rank: number, random: RandomNumbers): readonly number[] =>
  Array.from({ length: rank }, (_, axis) => axis).filter(() => random.below(2) === 0)
