import { assertType, describe, expectTypeOf, test } from 'vitest'
import { add } from '@tabula/tensor'
import type { ShapeMismatch, Tensor } from '@tabula/tensor'
import { batchNorm, compose, conv2d, convTranspose2d, groupNorm, linear, maxPool, named, product, relu, residual, sequence, upsample2x } from '../src/index.js'
import type { Applied, Beside, Composed, ParamsOf, SignatureOf, Spatial, StateOf, Summed, Weight, WeightAndBias, Affine, Running } from '../src/index.js'

declare const image: Tensor<readonly ['N', 3, 'H', 'W'], 'f32'>
declare const stride8: Tensor<readonly ['N', 256, 'H/8', 'W/8'], 'f32'>
declare const stride16: Tensor<readonly ['N', 256, 'H/16', 'W/16'], 'f32'>

const stem = sequence([['conv1', conv2d(3, 64, { kernel: 7, stride: 2, bias: false })], ['bn1', batchNorm().layer(64)], relu, maxPool({ kernel: 3, stride: 2, padding: 1 })])
declare const params: ParamsOf<typeof stem>
declare const state: StateOf<typeof stem>

describe('the type of a network follows from its layers', () => {
  test('channels and strides multiply', () => {
    expectTypeOf<SignatureOf<typeof stem>['in']>().toEqualTypeOf<3>()
    expectTypeOf<SignatureOf<typeof stem>['out']>().toEqualTypeOf<64>()
    expectTypeOf<SignatureOf<typeof stem>['down']>().toEqualTypeOf<4>()
  })

  test('parameters and state are records of the names', () => {
    expectTypeOf<ParamsOf<typeof stem>>().toEqualTypeOf<{ readonly conv1: Weight; readonly bn1: Affine }>()
    expectTypeOf<StateOf<typeof stem>['bn1']>().toEqualTypeOf<Running>()
    expectTypeOf(params.conv1).toEqualTypeOf<Weight>()
    const _both = compose(named('a', conv2d(3, 4)), named('b', conv2d(4, 5, { bias: false })))
    expectTypeOf<ParamsOf<typeof _both>['a']>().toEqualTypeOf<WeightAndBias>()
  })

  test('application is generic in the axis names', () => {
    expectTypeOf(stem.infer(params, state, image)).toEqualTypeOf<Tensor<readonly ['N', 64, 'H/4', 'W/4'], 'f32'>>()
    const lateral = conv2d(256, 256)
    const weights: ParamsOf<typeof lateral> = lateral as never
    expectTypeOf(lateral.infer(weights, {}, stride8)).toEqualTypeOf<Tensor<readonly ['N', 256, 'H/8', 'W/8'], 'f32'>>()
    expectTypeOf(lateral.infer(weights, {}, stride16)).toEqualTypeOf<Tensor<readonly ['N', 256, 'H/16', 'W/16'], 'f32'>>()
  })

  test('upsampling undoes a stride', () => {
    const _there = sequence([conv2d(3, 3, { kernel: 3, stride: 2 }), upsample2x])
    expectTypeOf<SignatureOf<typeof _there>['down']>().toEqualTypeOf<1>()
    const _doubled = convTranspose2d(4, 2)
    expectTypeOf<SignatureOf<typeof _doubled>>().toEqualTypeOf<Spatial<4, 2, 0.5>>()
  })
})

describe('what does not compile, and what the compiler says', () => {
  test('channels that do not follow from one another', () => {
    const first = conv2d(3, 64)
    const second = conv2d(128, 64)
    // @ts-expect-error the second layer expects 128 channels, the first gives 64
    compose(first, second)
    // @ts-expect-error the same, within a sequence, through a layer that accepts any
    sequence([['a', first], relu, ['b', second]])
    // @ts-expect-error the norm has 32 channels
    sequence([['conv', conv2d(3, 64)], ['norm', groupNorm().layer(32)]])
    expectTypeOf<Composed<Spatial<3, 64, 1>, Spatial<128, 64, 1>>>().toEqualTypeOf<
      ShapeMismatch<'compose: the second layer expects 128 input channels but the first gives 64'>
    >()
  })

  test('an input with other channels', () => {
    const first = conv2d(64, 64, { bias: false })
    const weights: ParamsOf<typeof first> = first as never
    // @ts-expect-error the layer expects 64 channels, the image has 3
    first.infer(weights, {}, image)
    expectTypeOf<Applied<readonly ['N', 3, 'H', 'W'], Spatial<64, 64, 1>>>().toEqualTypeOf<
      ShapeMismatch<'layer: expects 64 input channels but got 3 in [N,3,H,W]'>
    >()
  })

  test('sums of maps of different strides or channels', () => {
    // @ts-expect-error stride 8 and stride 16
    add(stride8, stride16)
    // @ts-expect-error a branch of stride 2 on the identity
    residual(conv2d(64, 64, { kernel: 3, stride: 2 }))
    // @ts-expect-error 64 channels against 256
    residual(conv2d(64, 256), conv2d(64, 64))
    assertType<Summed<Spatial<64, 256, 2>, Spatial<64, 256, 2>>>({ in: 64, out: 256, down: 2, keepsRank: true })
    expectTypeOf<Summed<Spatial<64, 64, 1>, Spatial<64, 64, 2>>>().toEqualTypeOf<ShapeMismatch<'residual: one branch downsamples by 1, the other by 2'>>()
  })

  test('layers side by side that do not downsample alike', () => {
    // @ts-expect-error strides 1 and 2
    product(64, conv2d(64, 64), conv2d(64, 64, { kernel: 3, stride: 2 }))
    const _both = product(64, named('a', conv2d(64, 8, { kernel: 3, stride: 2 })), named('b', maxPool({ kernel: 2, stride: 2 })))
    expectTypeOf<SignatureOf<typeof _both>['down']>().toEqualTypeOf<2>()
    expectTypeOf<ParamsOf<typeof _both>['a']>().toEqualTypeOf<WeightAndBias>()
    expectTypeOf<Beside<Spatial<64, 64, 1>, Spatial<64, 64, 2>>>().toEqualTypeOf<ShapeMismatch<'product: one layer downsamples by 1, the other by 2'>>()
  })

  test('rows of other width', () => {
    // @ts-expect-error 1024 features into a layer of 256
    compose(linear(12544, 1024), linear(256, 81))
  })
})
