import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import * as tf from '@tensorflow/tfjs-core'
import '@tensorflow/tfjs-backend-cpu'
import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm'
import { sumOfMagnitudes } from '../contestant.js'
import type { Contestant } from '../contestant.js'
import { noise } from '../workloads.js'
import type { Workload } from '../workloads.js'

const size = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1)

/** Numbers of an array in `[a, b, c, d]` order, transposed by a permutation, as tfjs wants images and weights. */
const transposed = (shape: readonly number[], seed: number, permutation: number[]): tf.Tensor4D => {
  const [a = 1, b = 1, c = 1, d = 1] = shape
  return tf.tidy(() => tf.transpose(tf.tensor4d(noise(size(shape), seed), [a, b, c, d]), permutation))
}

const convolution = ({ x, w, stride, padding }: Extract<Workload, { readonly w: unknown }>): (() => tf.Tensor) => {
  const images = transposed(x, 1, [0, 2, 3, 1])
  const weights = transposed(w, 2, [2, 3, 1, 0])
  return () => tf.conv2d(images, weights, stride, padding, 'NHWC', 1, 'floor')
}

/** TensorFlow.js on one backend, of what it has: convolutions forward, and suppression. */
export const tfjs = async (backend: 'wasm' | 'cpu'): Promise<Contestant<Workload> | undefined> => {
  const entry = createRequire(import.meta.url).resolve('@tensorflow/tfjs-backend-wasm')
  setWasmPaths(join(dirname(entry), '/'))
  if (!(await tf.setBackend(backend))) return undefined
  await tf.ready()
  return {
    name: `tfjs-${backend} ${tf.version_core}`,
    prepare: async (_name, task) => {
      if (task.kind !== 'conv-forward') return undefined
      // Plain JavaScript takes seconds for these; one small shape tells as much.
      if (backend === 'cpu' && size(task.w) * size(task.x.slice(2)) > 6e7) return undefined
      await tf.setBackend(backend)
      const f = convolution(task)
      const first = f()
      const digest = [sumOfMagnitudes(await first.data())]
      first.dispose()
      return {
        digest,
        run: async () => {
          await tf.setBackend(backend)
          // Both backends compute while they are called.
          const started = performance.now()
          const y = f()
          const ended = performance.now()
          y.dispose()
          return ended - started
        }
      }
    },
    close: () => undefined
  }
}
