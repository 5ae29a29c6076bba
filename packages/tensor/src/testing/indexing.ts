import * as fc from 'fast-check'
import type { Dtype } from '../dtype.js'
import type { RoiAlignAttributes } from '../primitive.js'
import type { Sizes } from '../shape.js'
import { sizeOf } from '../shape.js'
import { valueOf } from '../value.js'
import type { HostValue } from '../value.js'
import type { Instance, Instances } from './instance.js'
import { axisSizes, batchSizes, dtypes, shapes, values } from './values.js'

interface Indexing {
  readonly batch: Sizes
  readonly middle: Sizes
  readonly size: number
  readonly inner: Sizes
  readonly indexed: Sizes
}

const indexings: fc.Arbitrary<Indexing> = fc.record({
  batch: shapes({ maxRank: 1, empty: false }),
  middle: shapes({ maxRank: 1, empty: false }),
  size: axisSizes,
  inner: shapes({ maxRank: 2, empty: false }).filter((shape) => sizeOf(shape) <= 20),
  indexed: shapes({ maxRank: 2 }).filter((shape) => sizeOf(shape) <= 20)
})

const gathers: Instances<'gather'> = fc.tuple(indexings, dtypes).chain(([{ batch, middle, size, inner, indexed }, dtype]) =>
  fc
    .tuple(values<Dtype>(dtype, [...batch, ...middle, size, ...inner]), values('i32', [...batch, ...indexed], fc.nat(size - 1)))
    .map((inputs) => ({ attributes: { axis: batch.length + middle.length, batchDims: batch.length }, inputs }))
)

/** Indices of which each batch holds none twice. */
const uniqueIndices = (batch: Sizes, size: number): fc.Arbitrary<HostValue<'i32'>> => {
  const all = Array.from({ length: size }, (_, i) => i)
  return fc.nat(size).chain((count) =>
    fc
      .array(fc.shuffledSubarray(all, { minLength: count, maxLength: count }), { minLength: sizeOf(batch), maxLength: sizeOf(batch), size: 'max' })
      .map((rows) => valueOf('i32', [...batch, count], rows.flat()))
  )
}

const scatters: Instances<'scatterAdd'> = fc
  .tuple(indexings, fc.boolean(), fc.constantFrom('f32' as const, 'f32' as const, 'i32' as const))
  .chain(([{ batch, middle, size, inner, indexed }, unique, dtype]) =>
    (unique ? uniqueIndices(batch, size) : values('i32', [...batch, ...indexed], fc.nat(size - 1))).chain((indices) =>
      values<Dtype>(dtype, [...batch, ...middle, ...indices.shape.slice(batch.length), ...inner]).map(
        (updates): Instance<'scatterAdd'> => ({
          attributes: { axis: batch.length + middle.length, batchDims: batch.length, size, uniqueIndices: unique },
          inputs: [indices, updates]
        })
      )
    )
  )

const tops: Instances<'topK'> = shapes({ minRank: 1 })
  .filter((shape) => (shape.at(-1) ?? 0) > 0)
  .chain((shape) => fc.tuple(values('f32', shape), fc.integer({ min: 1, max: shape.at(-1) ?? 1 })).map(([x, k]) => ({ attributes: { k }, inputs: [x] })))

/** Boxes with whole corners, so that overlaps are ratios of small integers, which no rounding carries over the thresholds. */
const boxes = fc
  .tuple(fc.nat(8), fc.nat(8), fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 9 }))
  .map(([x, y, width, height]) => [x, y, x + width, y + height] as const)

const suppressions: Instances<'nms'> = fc
  .record({
    images: batchSizes,
    count: fc.constantFrom(1, 2, 3, 5, 8, 13, 0),
    iouThreshold: fc.constantFrom(0.5, 0.25, 0.4321, 0.7123),
    inclusive: fc.boolean(),
    offset: fc.constantFrom(0 as const, 1 as const)
  })
  .chain(({ images, count, ...attributes }) => {
    const total = images * count
    const length = { minLength: total, maxLength: total, size: 'max' as const }
    const scores = fc.oneof({ weight: 5, arbitrary: fc.integer({ min: -4, max: 20 }).map((n) => n / 8) }, { weight: 1, arbitrary: fc.constant(-Infinity) })
    return fc.tuple(fc.array(boxes, length), fc.array(scores, length)).map(([corners, ranks]) => ({
      attributes,
      inputs: [valueOf('f32', [images, count, 4], corners.flat()), valueOf('f32', [images, count], ranks)]
    }))
  })

interface Regions {
  readonly attributes: RoiAlignAttributes
  readonly features: readonly Sizes[]
  readonly rois: readonly [HostValue<'f32'>, HostValue<'i32'>, HostValue<'i32'>]
}

/** RoIs inside, across and beyond the borders of 16-pixel images, tiny ones too; seldom none. */
const regions: fc.Arbitrary<Regions> = fc
  .record({
    images: fc.constantFrom(1, 2),
    channels: fc.constantFrom(1, 2, 3),
    levels: fc.constantFrom(1, 1, 2),
    count: fc.constantFrom(1, 2, 3, 4, 1, 2, 3, 0),
    outputSize: fc.tuple(fc.constantFrom(1, 2, 3), fc.constantFrom(1, 2, 3)),
    samplingRatio: fc.constantFrom(0, 1, 2, 2, 3),
    aligned: fc.boolean()
  })
  .chain(({ images, channels, levels, count, outputSize, samplingRatio, aligned }) => {
    const sizes = [[7, 9], [4, 5]].slice(0, levels)
    // Dyadic numbers, whose differences are exact in single precision: an adaptive number of samples is one for all.
    const corner = fc.integer({ min: -4 * 64, max: 19 * 64 }).map((n) => n / 64 + 1 / 128)
    const side = fc.integer({ min: 7, max: 14 * 64 }).map((n) => n / 64)
    const roi = fc.tuple(corner, corner, side, side).map(([x, y, width, height]) => [x, y, x + width, y + height])
    return fc
      .tuple(
        fc.array(roi, { minLength: count, maxLength: count, size: 'max' }),
        values('i32', [count], fc.nat(images - 1)),
        values('i32', [count], fc.nat(levels - 1))
      )
      .map(([corners, image, level]): Regions => ({
        attributes: { outputSize, samplingRatio, aligned, scales: [0.5, 0.25].slice(0, levels) },
        features: sizes.map((size) => [images, channels, ...size]),
        rois: [valueOf('f32', [count, 4], corners.flat()), image, level]
      }))
  })

const alignments: Instances<'roiAlign'> = regions.chain(({ attributes, features, rois }) =>
  fc.tuple(...features.map((shape) => values('f32', shape))).map((maps) => ({ attributes, inputs: [...maps, ...rois] }))
)

const alignmentGradients: Instances<'roiAlignGradient'> = regions.chain(({ attributes, features, rois }) =>
  values('f32', [rois[1].data.length, features[0]?.[1] ?? 1, ...attributes.outputSize]).map((dy) => ({ attributes: { ...attributes, featureShapes: features }, inputs: [dy, ...rois] }))
)

/** Instances of the primitives that index or order. */
export const indexingInstances = {
  gather: gathers,
  scatterAdd: scatters,
  topK: tops,
  nms: suppressions,
  roiAlign: alignments,
  roiAlignGradient: alignmentGradients
}
