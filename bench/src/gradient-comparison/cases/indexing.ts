import { add, cast, constant, floor, gather, hostValue, mul, reshape, roiAlign, scatterAdd, sub, topK } from '@tabula/tensor'
import type { Shape, Tensor } from '@tabula/tensor'
import * as tf from '@tensorflow/tfjs-core'
import { numbers, spread } from '../numbers.js'
import type { Cases } from './cases.js'

type Real = Tensor<Shape, 'f32'>

const integers = (shape: readonly number[], data: readonly number[]) => constant<'i32'>(hostValue('i32', shape, Int32Array.from(data)))
const x = spread([4, 3])
const maps = spread([1, 2, 6, 6])
const box = [0.5, 1.1, 4.4, 4.9]
const rois = { boxes: constant<'f32'>(hostValue('f32', [1, 4], Float64Array.from(box))), image: integers([1], [0]), level: integers([1], [0]) }

/** x, linear between its elements, at positions. */
const sampled = (at: Real, x: Real): Real => {
  const low = floor(at)
  const share: Real = sub(at, low)
  const index: Tensor<Shape, 'i32'> = cast('i32')(low)
  return add<Real, Real>(mul<Real, Real>(sub(1, share), gather(index, { axis: 0 })(x)), mul<Real, Real>(share, gather(add(index, 1), { axis: 0 })(x)))
}

/**
 * `cropAndResize` puts its first and last sample on the box's sides and RoIAlign its one sample in the middle of each bin: a box from
 * middle to middle, in shares of the last row and column.
 */
const middles = (side: number): readonly [number, number, number, number] => {
  const [x1 = 0, y1 = 0, x2 = 0, y2 = 0] = box
  const [w, h] = [(x2 - x1) / 4, (y2 - y1) / 4]
  return [(y1 + h) / (side - 1), (x1 + w) / (side - 1), (y2 - h) / (side - 1), (x2 - w) / (side - 1)]
}

/** Primitives that choose elements by index or by order. */
export const indexing: Cases = ({ lax, nn, numpy: np, DType }) => [
  {
    name: 'gather, an index twice',
    at: [x],
    tabula: (x) => gather(integers([3], [2, 0, 2]), { axis: 0 })(x),
    tfjs: (x) => tf.gather(x, tf.tensor1d([2, 0, 2], 'int32')),
    jax: (x) => np.take(x, np.array([2, 0, 2], { dtype: DType.Int32 }), 0)
  },
  {
    name: 'gather, indices of each row',
    at: [x],
    tabula: (x) => gather(integers([4, 2], [2, 0, 1, 1, 0, 2, 2, 1]), { axis: 1, batchDims: 1 })(x),
    tfjs: (x) => tf.gather(x, tf.tensor2d([2, 0, 1, 1, 0, 2, 2, 1], [4, 2], 'int32'), 1, 1),
    jax: (x) => np.takeAlongAxis(x, np.array([2, 0, 1, 1, 0, 2, 2, 1], { shape: [4, 2], dtype: DType.Int32 }), 1)
  },
  {
    name: 'gather by coordinates (gatherND)',
    at: [x],
    tabula: (x) => gather(integers([3], [7, 0, 11]), { axis: 0 })(reshape([12])(x)),
    tfjs: (x) => tf.gatherND(x, tf.tensor2d([2, 1, 0, 0, 3, 2], [3, 2], 'int32')),
    jax: (x) => np.take(x.reshape([12]), np.array([7, 0, 11], { dtype: DType.Int32 }), 0)
  },
  {
    name: 'scatterAdd, an index twice',
    at: [x],
    tabula: (x) => scatterAdd(integers([4], [2, 0, 2, 4]), { axis: 0, size: 5 })(x),
    tfjs: (x) => tf.unsortedSegmentSum(x, tf.tensor1d([2, 0, 2, 4], 'int32'), 5),
    // jax-js has no operation for it: a product with a matrix of zeros and ones.
    jax: (x) => np.matmul(np.transpose(nn.oneHot(np.array([2, 0, 2, 4], { dtype: DType.Int32 }), 5)), x)
  },
  {
    name: 'scatter by coordinates (scatterND)',
    at: [spread([3])],
    tabula: (x) => scatterAdd(integers([3], [4, 1, 3]), { axis: 0, size: 5, uniqueIndices: true })(x),
    tfjs: (x) => tf.scatterND(tf.tensor2d([4, 1, 3], [3, 1], 'int32'), x, [5])
  },
  { name: 'topK', at: [spread([2, 5])], tabula: (x) => topK({ k: 3 })(x).values, tfjs: (x) => tf.topk(x, 3).values, jax: (x) => lax.topK(x, 3)[0] },
  {
    name: 'roiAlign, by its features',
    at: [maps],
    tabula: (x) => roiAlign({ outputSize: [2, 2], samplingRatio: 1, scales: [1], aligned: false })([x], rois),
    tfjs: (x) =>
      tf.transpose(tf.image.cropAndResize(tf.transpose<tf.Tensor4D>(x as tf.Tensor4D, [0, 2, 3, 1]), [middles(6)], tf.tensor1d([0], 'int32'), [2, 2]), [0, 3, 1, 2])
  },
  {
    name: 'roiAlign, by its boxes',
    at: [numbers([1, 4], box)],
    tabula: (boxes) => roiAlign({ outputSize: [2, 2], samplingRatio: 1, scales: [1], aligned: false })([constant(hostValue('f32', [1, 2, 6, 6], Float64Array.from(maps.data)))], { ...rois, boxes }),
    tfjs: (boxes) => {
      const [x1 = boxes, y1 = boxes, x2 = boxes, y2 = boxes] = tf.split(boxes, 4, 1)
      const [w, h] = [tf.mul(tf.sub(x2, x1), 0.25), tf.mul(tf.sub(y2, y1), 0.25)]
      const inside = tf.div(tf.concat([tf.add(y1, h), tf.add(x1, w), tf.sub(y2, h), tf.sub(x2, w)], 1), 5)
      const image = tf.transpose<tf.Tensor4D>(tf.tensor4d([...maps.data], [1, 2, 6, 6]), [0, 2, 3, 1])
      return tf.transpose(tf.image.cropAndResize(image, inside as tf.Tensor2D, tf.tensor1d([0], 'int32'), [2, 2]), [0, 3, 1, 2])
    }
  },
  {
    name: 'bilinear sampling, by its coordinates',
    at: [numbers([3], [0.3, 1.7, 2.6]), spread([5], [-1, 1], 3)],
    tabula: (at, x) => sampled(at, x),
    tfjs: (at, x) => {
      const low = tf.floor(at)
      const share = tf.sub(at, low)
      const index = tf.cast(low, 'int32')
      return tf.add(tf.mul(tf.sub(1, share), tf.gather(x, index)), tf.mul(share, tf.gather(x, tf.add(index, tf.scalar(1, 'int32')))))
    },
    jax: (at, x) => {
      const low = np.floor(at.ref)
      const share = at.sub(low.ref)
      const index = low.astype(DType.Int32)
      return np.subtract(1, share.ref).mul(np.take(x.ref, index.ref, 0)).add(share.mul(np.take(x, index.add(1), 0)))
    }
  }
]
