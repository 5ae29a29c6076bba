import { conv2d, convTranspose2d, matmul, maxPool2d, upsampleNearest, windowSum } from '@tabula/tensor'
import { averagePool2d, interpolate } from '@tabula/nn'
import * as tf from '@tensorflow/tfjs-core'
import { numbers, spread } from '../numbers.js'
import type { Cases } from './cases.js'

/** Images are `[N, H, W, C]` and weights `[h, w, C, O]` in TensorFlow.js; transposition loses the rank. */
const images = (x: tf.Tensor): tf.Tensor4D => tf.transpose<tf.Tensor4D>(x as tf.Tensor4D, [0, 2, 3, 1])
const back = (x: tf.Tensor): tf.Tensor => tf.transpose(x, [0, 3, 1, 2])
const weights = (w: tf.Tensor): tf.Tensor4D => tf.transpose<tf.Tensor4D>(w as tf.Tensor4D, [2, 3, 1, 0])

const maps = spread([1, 2, 5, 5])
const square: [number, number][] = [
  [1, 1],
  [1, 1]
]
const tied = numbers([1, 1, 2, 4], [1, 1, 3, 2, 1, 1, 3, 3])
const together = [1, 1, -0.5, 0.25, 1, 1, -0.5, -0.5]

/** Products, convolutions and pooling. */
export const linear: Cases = ({ lax, numpy: np }) => [
  { name: 'matmul', at: [spread([2, 3]), spread([3, 2], [-1, 1], 3)], tabula: matmul, tfjs: (a, b) => tf.matMul(a, b), jax: np.matmul },
  { name: 'matmul, batches', at: [spread([2, 2, 3]), spread([2, 3, 2], [-1, 1], 3)], tabula: matmul, tfjs: (a, b) => tf.matMul(a, b), jax: np.matmul },
  { name: 'matmul, one matrix for a batch', at: [spread([3, 2, 3]), spread([3, 2], [-1, 1], 3)], tabula: matmul, tfjs: (a, b) => tf.matMul(a, b), jax: np.matmul },
  { name: 'matmul, batches broadcast', at: [spread([2, 1, 2, 3]), spread([1, 2, 3, 2], [-1, 1], 3)], tabula: matmul, tfjs: (a, b) => tf.matMul(a, b), jax: np.matmul },
  {
    name: 'conv2d',
    at: [maps, spread([3, 2, 3, 3], [-1, 1], 3)],
    tabula: (x, w) => conv2d(w, { padding: 1 })(x),
    tfjs: (x, w) => back(tf.conv2d(images(x), weights(w), 1, 1)),
    jax: (x, w) => lax.convGeneralDilated(x, w, [1, 1], square)
  },
  {
    name: 'conv2d, stride 2',
    at: [maps, spread([3, 2, 3, 3], [-1, 1], 3)],
    tabula: (x, w) => conv2d(w, { padding: 1, stride: 2 })(x),
    tfjs: (x, w) => back(tf.conv2d(images(x), weights(w), 2, 1)),
    jax: (x, w) => lax.convGeneralDilated(x, w, [2, 2], square)
  },
  {
    name: 'conv2d, dilation 2',
    at: [maps, spread([2, 2, 2, 2], [-1, 1], 3)],
    tabula: (x, w) => conv2d(w, { dilation: 2 })(x),
    tfjs: (x, w) => back(tf.conv2d(images(x), weights(w), 1, 'valid', 'NHWC', 2)),
    jax: (x, w) => lax.convGeneralDilated(x, w, [1, 1], 'VALID', { rhsDilation: [2, 2] })
  },
  {
    name: 'conv2d, a group for each channel',
    at: [maps, spread([2, 1, 3, 3], [-1, 1], 3)],
    tabula: (x, w) => conv2d(w, { padding: 1, groups: 2 })(x),
    tfjs: (x, w) => back(tf.depthwiseConv2d(images(x), tf.transpose<tf.Tensor4D>(w as tf.Tensor4D, [2, 3, 0, 1]), 1, 1)),
    jax: (x, w) => lax.convGeneralDilated(x, w, [1, 1], square, { featureGroupCount: 2 })
  },
  {
    name: 'convTranspose2d, stride 2',
    at: [spread([1, 2, 3, 3]), spread([2, 3, 2, 2], [-1, 1], 3)],
    tabula: (x, w) => convTranspose2d(w, { stride: 2 })(x),
    tfjs: (x, w) => back(tf.conv2dTranspose(images(x), weights(w), [1, 6, 6, 3], 2, 'valid')),
    jax: (x, w) => lax.convTranspose(x, w, [2, 2], 'VALID', { transposeKernel: true })
  },
  {
    name: 'maxPool2d',
    at: [spread([1, 2, 4, 4])],
    tabula: (x) => maxPool2d({ kernel: 2 })(x),
    tfjs: (x) => back(tf.maxPool(images(x), 2, 2, 'valid')),
    jax: (x) => lax.reduceWindow(x, (window) => np.max(window), [2, 2], [2, 2])
  },
  {
    name: 'maxPool2d, windows overlap',
    at: [maps],
    tabula: (x) => maxPool2d({ kernel: 3, stride: 2 })(x),
    tfjs: (x) => back(tf.maxPool(images(x), 3, 2, 'valid')),
    jax: (x) => lax.reduceWindow(x, (window) => np.max(window), [3, 3], [2, 2])
  },
  {
    name: 'maxPool2d of equals, moved together',
    at: [tied],
    along: [together],
    tabula: (x) => maxPool2d({ kernel: 2 })(x),
    tfjs: (x) => back(tf.maxPool(images(x), 2, 2, 'valid')),
    jax: (x) => lax.reduceWindow(x, (window) => np.max(window), [2, 2], [2, 2])
  },
  {
    name: 'averagePool2d',
    at: [maps],
    tabula: (x) => averagePool2d({ kernel: 2, stride: 1 })(x),
    tfjs: (x) => back(tf.avgPool(images(x), 2, 1, 'valid')),
    jax: (x) => lax.reduceWindow(x, (window) => np.mean(window), [2, 2], [1, 1])
  },
  {
    name: 'upsampleNearest',
    at: [spread([1, 2, 2, 3])],
    tabula: (x) => upsampleNearest({ factor: 2 })(x),
    tfjs: (x) => back(tf.image.resizeNearestNeighbor(images(x), [4, 6])),
    jax: (x) => np.repeat(np.repeat(x, 2, 2), 2, 3)
  },
  {
    name: 'windowSum',
    at: [spread([1, 2, 4, 4])],
    tabula: (x) => windowSum({ factor: 2 })(x),
    tfjs: (x) => back(tf.mul(tf.avgPool(images(x), 2, 2, 'valid'), 4)),
    jax: (x) => lax.reduceWindow(x, (window) => np.sum(window), [2, 2], [2, 2])
  },
  {
    name: 'bilinear resizing',
    at: [spread([1, 2, 2, 3])],
    tabula: (x) => interpolate({ size: [4, 6], mode: 'bilinear' })(x),
    tfjs: (x) => back(tf.image.resizeBilinear(images(x), [4, 6], false, true))
  }
]
