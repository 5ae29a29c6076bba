import * as tf from '@tensorflow/tfjs-core'
import { sizeOf } from '@tabula/tensor'
import { require as requireForBundlers } from 'tsx/cjs/api'
import type { Case, Contestant, Derivative } from '../case.js'
import { directionOf, weight } from '../numbers.js'

/** The case's function in TensorFlow.js. Throws where it has none. */
const lossOf = ({ tfjs, name }: Case): ((...args: tf.Tensor[]) => tf.Scalar) => {
  if (tfjs === undefined) throw new ReferenceError(`TensorFlow.js has no ${name}`)
  return (...args) => {
    const y = tfjs(...args)
    const weights = tf.tensor(Array.from({ length: sizeOf(y.shape) }, (_, k) => weight(k)), y.shape, 'float32')
    return tf.sum(tf.mul(weights, tf.add(y, tf.mul(tf.mul(y, y), 0.5))))
  }
}

const argumentsOf = ({ at }: Case): tf.Tensor[] => at.map(({ shape, data }) => tf.tensor([...data], [...shape], 'float32'))

const derive = (c: Case, derivative: Derivative): tf.Tensor[] => {
  const loss = lossOf(c)
  const args = argumentsOf(c)
  if (derivative === 'grad') return tf.grads(loss)(args)
  const v = directionOf(c).map((data, k) => tf.tensor([...data], [...(c.at[k]?.shape ?? [])], 'float32'))
  return tf.grads((...args: tf.Tensor[]) => tf.addN(tf.grads(loss)(args).map((g, k) => tf.sum(tf.mul(g, v[k] ?? g)))))(args)
}

/** What f answers, with all that TensorFlow.js holds for it given back, whatever f throws. */
const tidied = <A>(f: () => A): A => {
  tf.engine().startScope()
  try {
    return f()
  } finally {
    tf.engine().endScope()
  }
}

/** What the package @tensorflow/tfjs loads beside the core: derivatives of all kernels, and the methods of tensors that some of them use. */
const modules = ['register_all_gradients', 'public/chained_ops/register_all_chained_ops']

/** TensorFlow.js on one of its backends. Its modules are written for bundlers, whose paths Node alone does not resolve. */
export const tfjs = async (backend: 'cpu' | 'wasm'): Promise<Contestant> => {
  modules.forEach((name) => requireForBundlers(`@tensorflow/tfjs-core/dist/${name}.js`, import.meta.url))
  await (backend === 'cpu' ? import('@tensorflow/tfjs-backend-cpu') : import('@tensorflow/tfjs-backend-wasm'))
  await tf.setBackend(backend)
  await tf.ready()
  return {
    name: `tfjs (${backend})`,
    version: tf.version_core,
    derivatives: ['grad', 'grad of grad'],
    has: (c) => c.tfjs !== undefined,
    value: (c) => Promise.resolve().then(() => tidied(() => lossOf(c)(...argumentsOf(c)).dataSync()[0] ?? NaN)),
    derive: (c, derivative) => Promise.resolve().then(() => tidied(() => derive(c, derivative).map((x) => Array.from(x.dataSync()))))
  }
}
