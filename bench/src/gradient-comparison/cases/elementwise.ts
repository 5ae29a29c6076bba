import { abs, add, atan2, ceil, cos, div, equal, erf, exp, expm1, floor, log, log1p, maximum, minimum, mul, neg, pow, relu, rem, round, select, sigmoid, sign, sin, sqrt, sub, tanh } from '@tabula/tensor'
import { gelu, silu, softplus } from '@tabula/nn'
import * as tf from '@tensorflow/tfjs-core'
import { numbers, spread } from '../numbers.js'
import type { Cases } from './cases.js'

const x = spread([2, 3])
const positive = spread([2, 3], [0.3, 2.7])
/** An operand that is broadcast. */
const row = spread([3], [0.45, 2.1], 7)
const tied = numbers([4], [0.5, -1, 2, 1.5])
const same = [1, 0.5, -1, 2]

/** Primitives that work element by element. */
export const elementwise: Cases = ({ lax, nn, numpy: np }) => [
  { name: 'neg', at: [x], tabula: neg, tfjs: tf.neg, jax: np.negative },
  { name: 'abs', at: [x], tabula: abs, tfjs: tf.abs, jax: np.abs },
  { name: 'sign', at: [x], tabula: sign, tfjs: tf.sign, jax: np.sign },
  { name: 'floor', at: [x], tabula: floor, tfjs: tf.floor, jax: np.floor },
  { name: 'ceil', at: [x], tabula: ceil, tfjs: tf.ceil, jax: np.ceil },
  { name: 'round', at: [x], tabula: round, tfjs: tf.round, jax: (x) => np.round(x) },
  { name: 'exp', at: [x], tabula: exp, tfjs: tf.exp, jax: np.exp },
  { name: 'expm1', at: [x], tabula: expm1, tfjs: tf.expm1, jax: np.expm1 },
  { name: 'log', at: [positive], tabula: log, tfjs: tf.log, jax: np.log },
  { name: 'log1p', at: [positive], tabula: log1p, tfjs: tf.log1p, jax: np.log1p },
  { name: 'sqrt', at: [positive], tabula: sqrt, tfjs: tf.sqrt, jax: np.sqrt },
  { name: 'sin', at: [x], tabula: sin, tfjs: tf.sin, jax: np.sin },
  { name: 'cos', at: [x], tabula: cos, tfjs: tf.cos, jax: np.cos },
  { name: 'tanh', at: [x], tabula: tanh, tfjs: tf.tanh, jax: np.tanh },
  { name: 'tanh of ±40', at: [numbers([2], [40, -40])], tabula: tanh, tfjs: tf.tanh, jax: np.tanh },
  { name: 'sigmoid', at: [x], tabula: sigmoid, tfjs: tf.sigmoid, jax: nn.sigmoid },
  { name: 'sigmoid of ±100', at: [numbers([2], [100, -100])], tabula: sigmoid, tfjs: tf.sigmoid, jax: nn.sigmoid },
  { name: 'erf', at: [x], tabula: erf, tfjs: tf.erf, jax: lax.erf },
  { name: 'relu', at: [x], tabula: relu, tfjs: tf.relu, jax: nn.relu },
  { name: 'softplus', at: [x], tabula: softplus, tfjs: tf.softplus, jax: nn.softplus },
  { name: 'softplus of ±100', at: [numbers([2], [100, -100])], tabula: softplus, tfjs: tf.softplus, jax: nn.softplus },
  {
    name: 'gelu',
    at: [x],
    tabula: (x) => gelu(x),
    tfjs: (x) => tf.mul(tf.mul(x, 0.5), tf.add(tf.erf(tf.mul(x, Math.SQRT1_2)), 1)),
    jax: (x) => nn.gelu(x, { approximate: false })
  },
  { name: 'silu', at: [x], tabula: silu, tfjs: (x) => tf.mul(x, tf.sigmoid(x)), jax: nn.silu },
  { name: 'add, broadcast', at: [x, row], tabula: add, tfjs: tf.add, jax: np.add },
  { name: 'sub, broadcast', at: [x, row], tabula: sub, tfjs: tf.sub, jax: np.subtract },
  { name: 'mul, broadcast', at: [x, row], tabula: mul, tfjs: tf.mul, jax: np.multiply },
  { name: 'div, broadcast', at: [x, row], tabula: div, tfjs: tf.div, jax: np.trueDivide },
  // TensorFlow.js's `mod` has the sign of the divisor: both are positive.
  { name: 'rem, broadcast', at: [spread([2, 3], [2.2, 4.1]), numbers([3], [0.8, 1.37, 0.65])], tabula: rem, tfjs: tf.mod, jax: np.fmod },
  { name: 'pow, broadcast', at: [positive, row], tabula: pow, tfjs: tf.pow, jax: np.power },
  { name: 'pow of a negative base, exponent 3', at: [numbers([3], [-1.5, -0.5, 2])], tabula: (x) => pow(x, 3), tfjs: (x) => tf.pow(x, 3), jax: (x) => np.power(x, 3) },
  { name: 'pow of 0, exponent 2', at: [numbers([3], [0, 1, 2])], tabula: (x) => pow(x, 2), tfjs: (x) => tf.pow(x, 2), jax: (x) => np.power(x, 2) },
  { name: 'atan2, broadcast', at: [x, row], tabula: atan2, tfjs: tf.atan2, jax: np.atan2 },
  { name: 'atan2, all quadrants', at: [numbers([4], [1, 1, -1, -1]), numbers([4], [0.5, -0.5, 0.5, -0.5])], tabula: atan2, tfjs: tf.atan2, jax: np.atan2 },
  { name: 'maximum, broadcast', at: [x, row], tabula: maximum, tfjs: tf.maximum, jax: np.maximum },
  { name: 'minimum, broadcast', at: [x, row], tabula: minimum, tfjs: tf.minimum, jax: np.minimum },
  { name: 'maximum of equals, moved together', at: [tied, tied], along: [same, same], tabula: maximum, tfjs: tf.maximum, jax: np.maximum },
  {
    name: 'select',
    at: [x, spread([2, 3], [-3, 3], 3)],
    tabula: (x, y) => select(equal(floor(mul(x, 0.5)), 0), x, y),
    tfjs: (x, y) => tf.where(tf.equal(tf.floor(tf.mul(x, 0.5)), 0), x, y),
    jax: (x, y) => np.where(np.equal(np.floor(x.ref.mul(0.5)), 0), x, y)
  }
]
