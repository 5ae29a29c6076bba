import { checkpoint, customVjp, scan } from '@tabula/autodiff'
import { add, bind, cond, constant, exp, hostValue, mul, sin, tanh } from '@tabula/tensor'
import type { HostValue, Shape, Tensor } from '@tabula/tensor'
import * as tf from '@tensorflow/tfjs-core'
import { spread } from '../numbers.js'
import type { Cases } from './cases.js'

type Real = Tensor<Shape, 'f32'>

const x = spread([3])
const steps = spread([4, 3], [-1, 1], 3)
const unroll = [0, 1, 2, 3]

/** x·sin x, whose derivative is written down. */
const custom = customVjp((x: Real): Real => mul(x, sin(x)) as Real, {
  name: 'x·sin x',
  vjp: ([x], _y, dy) => [mul<Real, Real>(dy, add<Real, Real>(sin(x), mul<Real, Real>(x, sin(add(x, Math.PI / 2)))))]
})

/** x³, computed by a function of JavaScript's. */
const onHost = (x: Real): Real => {
  const run = ([operand]: readonly HostValue[]): readonly HostValue[] => [hostValue('f32', x.shape, Float64Array.from(operand?.data ?? [], (a) => Number(a) ** 3))]
  // What it answers has x's shape.
  return bind('host', { name: 'cube', outputs: [{ shape: x.shape, dtype: 'f32' }], run }, x) as Real
}

/** Derivatives of one's own, loops, conditionals. */
export const structures: Cases = ({ numpy: np }) => [
  {
    name: 'a custom gradient (of x·sin x)',
    at: [x],
    tabula: custom,
    tfjs: tf.customGrad((x, save) => {
      if (!(x instanceof tf.Tensor) || typeof save !== 'function') throw new TypeError('a tensor and a way to save it')
      save([x])
      return {
        value: tf.mul(x, tf.sin(x)),
        gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => {
          const [at = x] = saved
          return tf.mul(dy, tf.add(tf.sin(at), tf.mul(at, tf.cos(at))))
        }
      }
    })
  },
  {
    name: 'a recurrent loop of 4 steps (scan)',
    at: [x, steps],
    tabula: (x, xs) => scan((h: Real, slice: Real): readonly [Real, Real] => [tanh(add<Real, Real>(mul(h, 0.9), slice)) as Real, h], x, xs)[0],
    tfjs: (x, xs) => unroll.reduce<tf.Tensor>((h, k) => tf.tanh(tf.add(tf.mul(h, 0.9), tf.reshape(tf.slice(xs, [k, 0], [1, 3]), [3]))), x),
    jax: (x, xs) => unroll.reduce((h, k) => np.tanh(h.mul(0.9).add(xs.ref.slice(k))), x)
  },
  {
    name: 'the same, checkpointed every 2 steps',
    at: [x, steps],
    tabula: (x, xs) => scan((h: Real, slice: Real): readonly [Real, Real] => [tanh(add<Real, Real>(mul(h, 0.9), slice)) as Real, h], x, xs, { checkpointEvery: 2 })[0]
  },
  { name: 'a function of the host', at: [x], tabula: onHost },
  {
    name: 'checkpoint',
    at: [x],
    tabula: checkpoint((x: Real): Real => exp(sin(x)) as Real)
  },
  {
    name: 'cond, one branch of two',
    at: [x],
    tabula: (x) => cond(constant<'i32'>(hostValue('i32', [], Int32Array.of(1))), [(x: Real): Real => exp(x) as Real, (x: Real): Real => sin(x) as Real], x)
  }
]
