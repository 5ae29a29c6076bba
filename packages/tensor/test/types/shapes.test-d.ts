import { describe, expectTypeOf, test } from 'vitest'
import { add, broadcastTo, conv2d, matmul, maxPool2d, mul, relu, reshape, transpose, upsampleNearest } from '../../src/index.js'
import type { Broadcast, MatMul, Convolved, Shape, ShapeMismatch, Tensor } from '../../src/index.js'

declare const image: Tensor<readonly ['N', 3, 'H', 'W'], 'f32'>
declare const stride8: Tensor<readonly ['N', 256, 'H/8', 'W/8'], 'f32'>
declare const stride16: Tensor<readonly ['N', 256, 'H/16', 'W/16'], 'f32'>
declare const stem: Tensor<readonly [64, 3, 7, 7], 'f32'>
declare const wrong: Tensor<readonly [64, 4, 3, 3], 'f32'>
declare const a: Tensor<readonly [2, 3], 'f32'>
declare const b: Tensor<readonly [4, 5], 'f32'>
declare const c: Tensor<readonly [3, 7], 'f32'>
declare const unknown: Tensor<readonly number[], 'f32'>

describe('shapes follow', () => {
  test('through convolutions, pooling and activations', () => {
    const features = maxPool2d({ kernel: 3, stride: 2, padding: 1 })(relu(conv2d(stem, { stride: 2, padding: 3 })(image)))
    expectTypeOf(features).toEqualTypeOf<Tensor<readonly ['N', 64, 'H/4', 'W/4'], 'f32'>>()
  })
  test('through products, broadcasting, transposition and reshapes', () => {
    expectTypeOf(matmul(a, c)).toEqualTypeOf<Tensor<readonly [2, 7], 'f32'>>()
    expectTypeOf(add(a, 1)).toEqualTypeOf<Tensor<readonly [2, 3], 'f32'>>()
    expectTypeOf(transpose([1, 0])(a)).toEqualTypeOf<Tensor<readonly [3, 2], 'f32'>>()
    expectTypeOf(reshape([6])(a)).toEqualTypeOf<Tensor<readonly [6], 'f32'>>()
    expectTypeOf(broadcastTo([4, 2, 3])(a)).toEqualTypeOf<Tensor<readonly [4, 2, 3], 'f32'>>()
  })
  test('through upsampling, so that pyramid levels meet', () => {
    expectTypeOf(add(stride8, upsampleNearest({ factor: 2 })(stride16))).toEqualTypeOf<Tensor<readonly ['N', 256, 'H/8', 'W/8'], 'f32'>>()
  })
  test('as far as they are known', () => {
    expectTypeOf(mul(unknown, a)).toEqualTypeOf<Tensor<Shape, 'f32'>>()
  })
})

describe('what does not compile, and what the compiler says', () => {
  test('wrong channels', () => {
    // @ts-expect-error the weights expect 4 channels, the image has 3
    conv2d(wrong)(image)
    expectTypeOf<Convolved<readonly ['N', 3, 'H', 'W'], readonly [64, 4, 3, 3], 1, 1, 1>>().toEqualTypeOf<
      ShapeMismatch<'conv2d: weights [64,4,3,3] expect 4 input channels but got 3 in [N,3,H,W]'>
    >()
  })
  test('wrong inner dimension', () => {
    // @ts-expect-error 3 columns against 4 rows
    matmul(a, b)
    expectTypeOf<MatMul<readonly [2, 3], readonly [4, 5]>>().toEqualTypeOf<ShapeMismatch<'matmul: inner dimensions differ, [2,3] x [4,5]'>>()
  })
  test('literals that do not broadcast', () => {
    // @ts-expect-error [2,3] and [4,5] do not broadcast
    add(a, b)
    expectTypeOf<Broadcast<'add', readonly [2, 3], readonly [4, 5]>>().toEqualTypeOf<ShapeMismatch<'add: shapes [2,3] and [4,5] do not broadcast'>>()
  })
  test('pyramid levels of different strides', () => {
    // @ts-expect-error a stride-8 map and a stride-16 map
    add(stride8, stride16)
    expectTypeOf<Broadcast<'add', readonly ['N', 256, 'H/8'], readonly ['N', 256, 'H/16']>>().toEqualTypeOf<
      ShapeMismatch<'add: shapes [N,256,H/8] and [N,256,H/16] do not broadcast'>
    >()
  })
})
