import type { HostValue, RoiAlignAttributes, Sizes } from '@tabula/tensor'
import { hostValue } from '@tabula/tensor'
import fc from 'fast-check'
import type { RandomNumbers } from '../random.js'
import { distinct, fill, fillIndices, fixed, instanceOf, instances, shapes, smooth, variable } from './instance.js'
import type { Instance } from './instance.js'

/** Indices of rank 0 to 2 beyond the shared axes; equal ones occur. */
const indexed = (shape: Sizes, random: RandomNumbers) => {
  const axis = random.below(shape.length)
  const batchDims = random.below(axis + 1)
  const extra = Array.from({ length: random.below(3) }, () => 1 + random.below(3))
  const size = shape[axis] ?? 1
  const indices = fillIndices([...shape.slice(0, batchDims), ...extra], () => random.below(size))
  return { axis, batchDims, size, indices, taken: [...shape.slice(0, axis), ...extra, ...shape.slice(axis + 1)] }
}

export const gather: fc.Arbitrary<Instance> = instances(shapes({ minRank: 1 }), (shape, random) => {
  const { axis, batchDims, indices } = indexed(shape, random)
  return instanceOf('gather', { axis, batchDims }, [variable(fill(shape, smooth(random))), fixed(indices)])
})

export const scatterAdd: fc.Arbitrary<Instance> = instances(shapes({ minRank: 1 }), (shape, random) => {
  const { axis, batchDims, size, indices, taken } = indexed(shape, random)
  return instanceOf('scatterAdd', { axis, batchDims, size, uniqueIndices: false }, [
    fixed(indices),
    variable(fill(taken, smooth(random)))
  ])
})

/** Without ties. */
export const topK: fc.Arbitrary<Instance> = instances(shapes({ minRank: 1 }), (shape, random) =>
  instanceOf('topK', { k: random.below((shape.at(-1) ?? 0) + 1) }, distinct(random, shape).map(variable))
)

interface Pooling {
  readonly attributes: RoiAlignAttributes
  readonly features: readonly Sizes[]
  readonly rois: readonly HostValue[]
  readonly count: number
  readonly channels: number
}

const pooling = (count: number, { uniform, below }: RandomNumbers): Pooling => {
  const levels = 1 + below(2)
  const channels = 1 + below(2)
  const images = 1 + below(2)
  const boxes = Float64Array.from(
    Array.from({ length: count }, () => {
      const [x, y] = [uniform(-2, 10), uniform(-2, 10)]
      return [x, y, x + uniform(0.5, 8), y + uniform(0.5, 8)]
    }).flat()
  )
  return {
    attributes: {
      outputSize: [1 + below(3), 1 + below(3)],
      samplingRatio: below(3),
      scales: Array.from({ length: levels }, (_, level) => 0.5 / 2 ** level),
      aligned: below(2) === 0
    },
    features: Array.from({ length: levels }, (_, level) => [images, channels, level === 0 ? 6 : 3, level === 0 ? 5 : 3]),
    rois: [
      hostValue('f32', [count, 4], boxes),
      fillIndices([count], () => below(images)),
      fillIndices([count], () => below(levels))
    ],
    count,
    channels
  }
}

/** Boxes partly outside the image, tiny ones, one or two levels, of which one may be constant. */
export const roiAlign: fc.Arbitrary<Instance> = instances(fc.integer({ min: 0, max: 3 }), (count, random) => {
  const { attributes, features, rois } = pooling(count, random)
  const constant = random.below(2 * features.length)
  return instanceOf('roiAlign', attributes, [
    ...features.map((shape, level) => (level === constant && features.length > 1 ? fixed : variable)(fill(shape, smooth(random)))),
    ...rois.map(fixed)
  ])
})

export const roiAlignGradient: fc.Arbitrary<Instance> = instances(fc.integer({ min: 0, max: 3 }), (count, random) => {
  const { attributes, features, rois, channels } = pooling(count, random)
  const dy = fill([count, channels, ...attributes.outputSize], smooth(random))
  return instanceOf('roiAlignGradient', { ...attributes, featureShapes: features }, [variable(dy), ...rois.map(fixed)])
})
