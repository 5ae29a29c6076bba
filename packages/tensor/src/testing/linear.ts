import * as fc from 'fast-check'
import type { Attributes, ConvolutionAttributes, PoolAttributes } from '../primitive.js'
import type { Sizes } from '../shape.js'
import { windowedSize } from '../shape.js'
import type { HostValue } from '../value.js'
import type { Instances } from './instance.js'
import { batchSizes, broadcastingShapes, values } from './values.js'

const small = fc.constantFrom(1, 2, 3, 5)

const products: Instances<'matmul'> = fc.tuple(broadcastingShapes, fc.constantFrom(1, 2, 3, 7), fc.constantFrom(1, 3, 4, 11), fc.constantFrom(1, 2, 5)).chain(([[a, b], rows, inner, columns]) => {
  const batch = (shape: Sizes): Sizes => shape.slice(-2)
  return fc.tuple(values('f32', [...batch(a), rows, inner]), values('f32', [...batch(b), inner, columns])).map((inputs) => ({ attributes: {}, inputs }))
})

const pairs = <T>(element: fc.Arbitrary<T>): fc.Arbitrary<readonly [T, T]> => fc.tuple(element, element)

interface Convolution {
  readonly attributes: ConvolutionAttributes
  readonly x: Sizes
  readonly w: Sizes
  readonly y: Sizes
}

const convolutions: fc.Arbitrary<Convolution> = fc
  .record({
    images: batchSizes,
    groups: fc.constantFrom(1, 1, 2),
    depth: fc.constantFrom(1, 2, 3),
    filters: fc.constantFrom(1, 2, 3),
    kernel: pairs(fc.constantFrom(1, 1, 2, 3)),
    stride: pairs(fc.constantFrom(1, 1, 2, 3)),
    dilation: pairs(fc.constantFrom(1, 1, 2)),
    padding: pairs(pairs(fc.constantFrom(0, 0, 1, 2))),
    spare: pairs(fc.nat(5))
  })
  .map(({ images, groups, depth, filters, kernel, stride, dilation, padding, spare }) => {
    const side = (k: 0 | 1): number => Math.max(1, dilation[k] * (kernel[k] - 1) + 1 - padding[k][0] - padding[k][1]) + spare[k]
    const [height, width] = [side(0), side(1)]
    const map = [windowedSize(height, kernel[0], stride[0], padding[0], dilation[0]), windowedSize(width, kernel[1], stride[1], padding[1], dilation[1])]
    return {
      attributes: { stride, padding, dilation, groups },
      x: [images, depth * groups, height, width],
      w: [filters * groups, depth, ...kernel],
      y: [images, filters * groups, ...map]
    }
  })

const forward: Instances<'conv2d'> = convolutions.chain(({ attributes, x, w }) => fc.tuple(values('f32', x), values('f32', w)).map((inputs) => ({ attributes, inputs })))

const inputGradients: Instances<'conv2dInputGradient'> = convolutions.chain(({ attributes, x, w, y }) =>
  fc.tuple(values('f32', y), values('f32', w)).map((inputs) => ({ attributes: { ...attributes, inputSize: [x[2] ?? 1, x[3] ?? 1] as const }, inputs }))
)

const weightGradients: Instances<'conv2dWeightGradient'> = convolutions.chain(({ attributes, x, w, y }) =>
  fc.tuple(values('f32', x), values('f32', y)).map((inputs) => ({ attributes: { ...attributes, kernel: [w[2] ?? 1, w[3] ?? 1] as const }, inputs }))
)

interface Pool {
  readonly attributes: PoolAttributes
  readonly x: Sizes
  readonly y: Sizes
}

/** Windows that all hold at least one element: padding is at most half of the kernel. */
const pools: fc.Arbitrary<Pool> = fc
  .record({
    images: batchSizes,
    channels: fc.constantFrom(1, 2, 3),
    kernel: pairs(fc.constantFrom(1, 2, 3)),
    stride: pairs(fc.constantFrom(1, 2, 3)),
    dilation: pairs(fc.constantFrom(1, 1, 2)),
    padded: pairs(pairs(fc.boolean())),
    spare: pairs(fc.nat(5))
  })
  .map(({ images, channels, kernel, stride, dilation, padded, spare }) => {
    const amounts = (k: 0 | 1): readonly [number, number] => [padded[k][0] ? Math.floor(kernel[k] / 2) : 0, padded[k][1] ? Math.floor(kernel[k] / 2) : 0]
    const padding = [amounts(0), amounts(1)] as const
    const side = (k: 0 | 1): number => dilation[k] * (kernel[k] - 1) + 1 + spare[k]
    const map = ([0, 1] as const).map((k) => windowedSize(side(k), kernel[k], stride[k], padding[k], dilation[k]))
    return { attributes: { kernel, stride, dilation, padding }, x: [images, channels, side(0), side(1)], y: [images, channels, ...map] }
  })

const poolings: Instances<'maxPool2d'> = pools.chain(({ attributes, x }) => values('f32', x).map((value) => ({ attributes, inputs: [value] })))

const poolGradients: Instances<'maxPool2dGradient'> = pools.chain(({ attributes, x, y }) => fc.tuple(values('f32', x), values('f32', y)).map((inputs) => ({ attributes, inputs })))

const resized = (scale: (size: number, factor: number) => number): fc.Arbitrary<{ readonly attributes: Attributes['upsampleNearest' | 'windowSum']; readonly inputs: readonly HostValue[] }> =>
  fc
    .record({ images: batchSizes, channels: small, size: pairs(small), factor: pairs(fc.constantFrom(1, 2, 2, 3)) })
    .chain(({ images, channels, size, factor }) =>
      values('f32', [images, channels, scale(size[0], factor[0]), scale(size[1], factor[1])]).map((x) => ({ attributes: { factor }, inputs: [x] }))
    )

/** Instances of the linear maps and of pooling. */
export const linearInstances = {
  matmul: products,
  conv2d: forward,
  conv2dInputGradient: inputGradients,
  conv2dWeightGradient: weightGradients,
  maxPool2d: poolings,
  maxPool2dGradient: poolGradients,
  upsampleNearest: resized((size) => size),
  windowSum: resized((size, factor) => size * factor)
}
