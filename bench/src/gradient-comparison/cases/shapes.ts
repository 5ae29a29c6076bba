import { broadcastTo, concatenate, pad, reshape, reverse, slice, stack, transpose } from '@tabula/tensor'
import * as tf from '@tensorflow/tfjs-core'
import { spread } from '../numbers.js'
import type { Cases } from './cases.js'

const x = spread([2, 3])
const box = spread([3, 4])

/** Primitives that move elements. */
export const shapes: Cases = ({ numpy: np }) => [
  { name: 'reshape', at: [x], tabula: (x) => reshape([3, 2])(x), tfjs: (x) => tf.reshape(x, [3, 2]), jax: (x) => np.reshape(x, [3, 2]) },
  {
    name: 'transpose',
    at: [spread([2, 3, 2])],
    tabula: (x) => transpose([2, 0, 1])(x),
    tfjs: (x) => tf.transpose(x, [2, 0, 1]),
    jax: (x) => np.transpose(x, [2, 0, 1])
  },
  { name: 'broadcastTo', at: [spread([2, 1])], tabula: (x) => broadcastTo([3, 2, 4])(x), tfjs: (x) => tf.broadcastTo(x, [3, 2, 4]), jax: (x) => np.broadcastTo(x, [3, 2, 4]) },
  {
    name: 'slice',
    at: [box],
    tabula: (x) => slice({ axis: 0, start: 1 }, { axis: 1, start: 1, limit: 3 })(x),
    tfjs: (x) => tf.slice(x, [1, 1], [2, 2]),
    jax: (x) => x.slice([1, 3], [1, 3])
  },
  {
    name: 'slice with stride 2',
    at: [box],
    tabula: (x) => slice({ axis: 1, stride: 2 })(x),
    tfjs: (x) => tf.stridedSlice(x, [0, 0], [3, 4], [1, 2]),
    // jax-js has no strides: pairs, of which the first is taken.
    jax: (x) => x.reshape([3, 2, 2]).slice([], [], 0)
  },
  {
    name: 'pad',
    at: [x],
    tabula: (x) => pad({ low: [1, 0], high: [2, 1], value: 0.5 })(x),
    tfjs: (x) => tf.pad(x, [[1, 2], [0, 1]], 0.5),
    // jax-js pads with zeros.
    jax: (x) => np.pad(x.sub(0.5), [[1, 2], [0, 1]]).add(0.5)
  },
  { name: 'pad between elements', at: [x], tabula: (x) => pad({ low: [0, 1], high: [0, 0], interior: [1, 2] })(x) },
  {
    name: 'concatenate',
    at: [x, spread([2, 2], [-1, 1], 4)],
    tabula: (x, y) => concatenate({ axis: 1 })([x, y]),
    tfjs: (x, y) => tf.concat([x, y], 1),
    jax: (x, y) => np.concatenate([x, y], 1)
  },
  { name: 'stack', at: [x, spread([2, 3], [-1, 1], 4)], tabula: (x, y) => stack({ axis: 1 })([x, y]), tfjs: (x, y) => tf.stack([x, y], 1), jax: (x, y) => np.stack([x, y], 1) },
  { name: 'reverse', at: [x], tabula: (x) => reverse({ axes: [1] })(x), tfjs: (x) => tf.reverse(x, 1), jax: (x) => np.flip(x, 1) }
]
