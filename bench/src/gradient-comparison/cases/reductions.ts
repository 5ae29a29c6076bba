import { add, cumulativeSum, div, exp, log, max, mean, mul, product, reshape, sqrt, sub, sum, variance } from '@tabula/tensor'
import type { Shape, Tensor } from '@tabula/tensor'
import { groupNormalize, layerNormalize, logSoftmax, logSumExp, softmax } from '@tabula/nn'
import * as tf from '@tensorflow/tfjs-core'
import { numbers, spread } from '../numbers.js'
import type { Cases } from './cases.js'

type Real = Tensor<Shape, 'f32'>

const x = spread([3, 4])
const large = numbers([2, 3], [100, 0, -100, 300, 299, 1])
const tied = numbers([2, 3], [1, 2, 2, -1, -1, -1])
const together = [1, -1, -1, 0.5, 0.5, 0.5]
const maps = spread([2, 4, 2, 2])
const epsilon = 1e-5

/** Reductions, and what is made of them. */
export const reductions: Cases = ({ nn, numpy: np }) => [
  { name: 'sum', at: [x], tabula: (x) => sum({ axes: [1] })(x), tfjs: (x) => tf.sum(x, 1), jax: (x) => np.sum(x, 1) },
  { name: 'mean', at: [x], tabula: (x) => mean({ axes: [0] })(x), tfjs: (x) => tf.mean(x, 0), jax: (x) => np.mean(x, 0) },
  { name: 'max', at: [x], tabula: (x) => max({ axes: [1] })(x), tfjs: (x) => tf.max(x, 1), jax: (x) => np.max(x, 1) },
  { name: 'max of equals, moved together', at: [tied], along: [together], tabula: (x) => max({ axes: [1] })(x), tfjs: (x) => tf.max(x, 1), jax: (x) => np.max(x, 1) },
  { name: 'prod', at: [x], tabula: (x) => product({ axis: 1 })(x), tfjs: (x) => tf.prod(x, 1), jax: (x) => np.prod(x, 1) },
  { name: 'prod with a factor 0', at: [numbers([2, 3], [2, 0, 3, 1, 2, 0.5])], tabula: (x) => product({ axis: 1 })(x), tfjs: (x) => tf.prod(x, 1), jax: (x) => np.prod(x, 1) },
  { name: 'prod with two factors 0', at: [numbers([2, 3], [2, 0, 0, 1, 2, 0.5])], tabula: (x) => product({ axis: 1 })(x), tfjs: (x) => tf.prod(x, 1), jax: (x) => np.prod(x, 1) },
  { name: 'cumulative sum', at: [x], tabula: (x) => cumulativeSum({ axis: 1 })(x), tfjs: (x) => tf.cumsum(x, 1), jax: (x) => np.cumsum(x, 1) },
  {
    name: 'cumulative product',
    at: [spread([5], [0.4, 1.8])],
    // Tabula has no operation for it: by logarithms.
    tabula: (x) => exp(cumulativeSum({ axis: 0 })(log(x))),
    tfjs: (x) => tf.cumprod(x, 0),
    jax: (x) => np.cumprod(x, 0)
  },
  { name: 'variance', at: [x], tabula: (x) => variance({ axes: [1] })(x), tfjs: (x) => tf.moments(x, 1).variance, jax: (x) => np.var_(x, 1) },
  { name: 'logSumExp', at: [x], tabula: (x) => logSumExp({ axes: [1] })(x), tfjs: (x) => tf.logSumExp(x, 1), jax: (x) => nn.logsumexp(x, 1) },
  { name: 'softmax', at: [x], tabula: (x) => softmax({ axis: 1 })(x), tfjs: (x) => tf.softmax(x), jax: (x) => nn.softmax(x, 1) },
  { name: 'softmax of large numbers', at: [large], tabula: (x) => softmax({ axis: 1 })(x), tfjs: (x) => tf.softmax(x), jax: (x) => nn.softmax(x, 1) },
  { name: 'logSoftmax', at: [x], tabula: (x) => logSoftmax({ axis: 1 })(x), tfjs: (x) => tf.logSoftmax(x), jax: (x) => nn.logSoftmax(x, 1) },
  {
    name: 'layer normalization',
    at: [x, spread([4], [0.5, 1.5], 2), spread([4], [-1, 1], 5)],
    tabula: (x, gamma, beta) => layerNormalize(x, { over: [4] }, gamma, beta),
    tfjs: (x, gamma, beta) => {
      const { mean, variance } = tf.moments(x, 1, true)
      return tf.add(tf.mul(tf.div(tf.sub(x, mean), tf.sqrt(tf.add(variance, epsilon))), gamma), beta)
    },
    jax: (x, gamma, beta) => nn.standardize(x, 1, { epsilon }).mul(gamma).add(beta)
  },
  {
    name: 'group normalization, one operation',
    at: [maps, spread([4], [0.5, 1.5], 2), spread([4], [-1, 1], 5)],
    tabula: (x, gamma, beta) => groupNormalize(x, { groups: 2 }, gamma, beta)
  },
  {
    name: 'group normalization, composed',
    at: [maps, spread([4], [0.5, 1.5], 2), spread([4], [-1, 1], 5)],
    tabula: (x, gamma, beta) => {
      const rows: Real = reshape([4, 8])(x)
      const centred: Real = sub(rows, mean({ axes: [1], keepDimensions: true })(rows))
      const spreadOut: Real = add(mean({ axes: [1], keepDimensions: true })(mul(centred, centred)), epsilon)
      const normal: Real = reshape([2, 4, 2, 2])(div(centred, sqrt(spreadOut)))
      return add<Real, Real>(mul<Real, Real>(normal, reshape([4, 1, 1])(gamma)), reshape([4, 1, 1])(beta))
    },
    tfjs: (x, gamma, beta) => {
      const rows = tf.reshape(x, [4, 8])
      const { mean, variance } = tf.moments(rows, 1, true)
      const normal = tf.reshape(tf.mul(tf.sub(rows, mean), tf.rsqrt(tf.add(variance, epsilon))), [2, 4, 2, 2])
      return tf.add(tf.mul(normal, tf.reshape(gamma, [1, 4, 1, 1])), tf.reshape(beta, [1, 4, 1, 1]))
    },
    jax: (x, gamma, beta) => {
      const rows = x.reshape([4, 8])
      const centred = rows.ref.sub(np.mean(rows, 1, { keepdims: true }))
      const variance = np.mean(np.square(centred.ref), 1, { keepdims: true })
      const normal = centred.div(np.sqrt(variance.add(epsilon))).reshape([2, 4, 2, 2])
      return normal.mul(gamma.reshape([1, 4, 1, 1])).add(beta.reshape([1, 4, 1, 1]))
    }
  }
]
