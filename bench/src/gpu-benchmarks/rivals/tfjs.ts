import * as tf from '@tensorflow/tfjs-core'
import { sumOfMagnitudes } from '../../benchmarks/contestant.js'
import { timed } from '../contestant.js'
import type { GpuContestant } from '../contestant.js'
import { argumentsOf, epsilon, stepSettings, trainedNames } from '../tasks.js'
import type { ConvolutionSizes, NetworkSizes, Numbers, Task } from '../tasks.js'
import { interpolationWeights } from './interpolation.js'

/** A program of TensorFlow.js: it answers its results in the layout that suits TensorFlow.js; `canonical` brings each into the common one. */
interface Program {
  readonly run: () => tf.Tensor[]
  readonly canonical?: readonly ((x: tf.Tensor) => tf.Tensor)[]
}

type Tensors = Readonly<Record<string, tf.Tensor>>

const of = (tensors: Tensors, name: string): tf.Tensor => {
  const found = tensors[name]
  if (found === undefined) throw new ReferenceError(`no argument ${name}`)
  return found
}

/** Images are `[N, H, W, C]` and weights `[h, w, C, O]` in TensorFlow.js. */
const fromImages = (x: tf.Tensor): tf.Tensor => tf.transpose(x, [0, 2, 3, 1])
const toImages = (x: tf.Tensor): tf.Tensor => tf.transpose(x, [0, 3, 1, 2])
const fromWeights = (w: tf.Tensor): tf.Tensor => tf.transpose(w, [2, 3, 1, 0])
const toWeights = (w: tf.Tensor): tf.Tensor => tf.transpose(w, [3, 2, 0, 1])

const convolution =
  ({ stride, padding }: Pick<ConvolutionSizes, 'stride' | 'padding'>) =>
  (x: tf.Tensor, w: tf.Tensor): tf.Tensor =>
    // Both are of rank 4, which TensorFlow.js loses when it transposes.
    tf.conv2d(x as tf.Tensor4D, w as tf.Tensor4D, stride, padding, 'NHWC', 1, 'floor')

/** f's value and derivatives by all its arguments. */
const withGradients = (f: (...args: tf.Tensor[]) => tf.Tensor, args: tf.Tensor[], g: tf.Tensor): tf.Tensor[] => {
  const { value, grads } = tf.valueAndGrads(f)(args, g)
  return [value, ...grads]
}

/** Group normalization of `[N, C, H, W]`: rows of one group each, so that its sums run over neighbours. */
const groupNormChannelsFirst =
  (groups: number) =>
  (x: tf.Tensor, gamma: tf.Tensor, beta: tf.Tensor): tf.Tensor => {
    const [n = 1, c = 1] = x.shape
    const rows = tf.reshape(x, [n * groups, -1])
    const { mean, variance } = tf.moments(rows, 1, true)
    const normal = tf.reshape(tf.mul(tf.sub(rows, mean), tf.rsqrt(tf.add(variance, epsilon))), x.shape)
    return tf.add(tf.mul(normal, tf.reshape(gamma, [1, c, 1, 1])), tf.reshape(beta, [1, c, 1, 1]))
  }

/** The same of `[N, H, W, C]`. */
const groupNormChannelsLast =
  (groups: number) =>
  (x: tf.Tensor, gamma: tf.Tensor, beta: tf.Tensor): tf.Tensor => {
    const [n = 1, h = 1, w = 1, c = 1] = x.shape
    const split = tf.reshape(x, [n, h * w, groups, c / groups])
    const { mean, variance } = tf.moments(split, [1, 3], true)
    const normal = tf.reshape(tf.mul(tf.sub(split, mean), tf.rsqrt(tf.add(variance, epsilon))), x.shape)
    return tf.add(tf.mul(normal, gamma), beta)
  }

const chain = (x: tf.Tensor, y: tf.Tensor): tf.Tensor => {
  const t = tf.mul(x, x)
  const u = tf.add(tf.mul(tf.exp(tf.neg(t)), y), 0.5)
  return tf.div(tf.sqrt(tf.add(tf.relu(u), t)), tf.add(tf.abs(x), 1))
}

const roiAlign = (task: Extract<Task, { readonly kind: 'roi-align' }>, tensors: Tensors, boxes: Numbers): Program => {
  const [, channels, height, width] = task.x
  const { regions, size, scale } = task
  const tensor = ({ shape, data }: Numbers): tf.Tensor => tf.tensor(data, [...shape])
  const alongX = tf.transpose(tf.reshape(tensor(interpolationWeights(boxes, 'x', { size, length: width, scale })), [regions * size, width]))
  const alongY = tensor(interpolationWeights(boxes, 'y', { size, length: height, scale }))
  const f = (x: tf.Tensor): tf.Tensor => {
    const across = tf.reshape(tf.matMul(tf.reshape(x, [channels * height, width]), alongX), [channels, height, regions, size])
    return tf.matMul(alongY, tf.reshape(tf.transpose(across, [2, 1, 0, 3]), [regions, height, channels * size]))
  }
  const g = tf.reshape(tf.transpose(of(tensors, 'g'), [0, 2, 1, 3]), [regions, size, channels * size])
  return {
    run: () => withGradients(f, [of(tensors, 'x')], g),
    canonical: [(y) => tf.transpose(tf.reshape(y, [regions, size, channels, size]), [0, 2, 1, 3]), (x) => x]
  }
}

/** A training step on variables that it replaces. */
const step = (task: NetworkSizes, tensors: Tensors): Program => {
  const names = trainedNames(task)
  const { learningRate, momentum, weightDecay } = stepSettings
  const images = fromImages(of(tensors, 'images'))
  const labels = of(tensors, 'labels')
  const convolved = convolution({ stride: 2, padding: 1 })
  const normal = groupNormChannelsLast(task.groups)
  const isWeights = (name: string): boolean => name.startsWith('w')
  let parameters = names.map((name) => tf.keep(isWeights(name) ? fromWeights(of(tensors, name)) : tf.clone(of(tensors, name))))
  let momenta = parameters.map((p) => tf.keep(tf.zerosLike(p)))
  const at = (all: readonly tf.Tensor[], name: string): tf.Tensor => all[names.indexOf(name)] ?? images
  const loss = (...all: tf.Tensor[]): tf.Tensor => {
    const features = task.widths.reduce<tf.Tensor>((x, _, k) => tf.relu(normal(convolved(x, at(all, `w${k}`)), at(all, `gamma${k}`), at(all, `beta${k}`))), images)
    const logits = tf.matMul(tf.mean(features, [1, 2]) as tf.Tensor2D, at(all, 'fc') as tf.Tensor2D)
    return tf.div(tf.neg(tf.sum(tf.mul(tf.logSoftmax(logits), labels))), labels.shape[0] ?? 1)
  }
  const run = (): tf.Tensor[] => {
    const { value, grads } = tf.valueAndGrads(loss)(parameters)
    const old = [...parameters, ...momenta]
    momenta = grads.map((g, k) => {
      const [p = g, v = g] = [parameters[k], momenta[k]]
      return tf.keep(tf.add(tf.mul(v, momentum), tf.add(g, tf.mul(p, weightDecay))))
    })
    parameters = parameters.map((p, k) => tf.keep(tf.sub(p, tf.mul(momenta[k] ?? p, learningRate))))
    tf.dispose(old)
    return [tf.reshape(value, [1]), ...parameters.map((p) => tf.clone(p))]
  }
  return { run, canonical: [(x) => x, ...names.map((name) => (isWeights(name) ? toWeights : (x: tf.Tensor): tf.Tensor => x))] }
}

const programOf = (task: Task, args: Readonly<Record<string, Numbers>>): Program => {
  const tensors = Object.fromEntries(Object.entries(args).map(([name, { shape, data }]) => [name, tf.tensor(data, [...shape])]))
  switch (task.kind) {
    case 'matmul':
      return { run: () => [tf.matMul(of(tensors, 'a'), of(tensors, 'b'))] }
    case 'convolution': {
      const [x, w, f] = [fromImages(of(tensors, 'x')), fromWeights(of(tensors, 'w')), convolution(task)]
      return { run: () => [f(x, w)], canonical: [toImages] }
    }
    case 'convolution-gradients': {
      const [x, w, g, f] = [fromImages(of(tensors, 'x')), fromWeights(of(tensors, 'w')), fromImages(of(tensors, 'g')), convolution(task)]
      return { run: () => withGradients(f, [x, w], g), canonical: [toImages, toImages, toWeights] }
    }
    case 'group-norm': {
      const [x, gamma, beta] = [of(tensors, 'x'), of(tensors, 'gamma'), of(tensors, 'beta')]
      return { run: () => withGradients(groupNormChannelsFirst(task.groups), [x, gamma, beta], of(tensors, 'g')) }
    }
    case 'chain':
      return { run: () => [chain(of(tensors, 'x'), of(tensors, 'y'))] }
    case 'roi-align':
      return roiAlign(task, tensors, args['boxes'] ?? { shape: [0, 4], data: new Float32Array() })
    case 'step':
      return step(task, tensors)
  }
}

/** One number to which every result contributes, read back. */
const finished = async (results: readonly tf.Tensor[]): Promise<void> => {
  const first = tf.tidy(() => results.map((x) => tf.slice(tf.reshape(x, [-1]), [0], [1])).reduce((a, b) => tf.add(a, b)))
  await first.data()
  first.dispose()
}

/** Tasks without derivatives. */
const forwardOnly: readonly Task['kind'][] = ['matmul', 'convolution', 'chain']

/**
 * TensorFlow.js on a backend that has been registered; `undefined` where it does not start. Its core registers derivatives only from a
 * module for bundlers (`dist/register_all_gradients.js`); `derivatives` says whether that was imported.
 */
export const tfjs = async (backend: 'webgl' | 'webgpu' | 'wasm' | 'cpu', derivatives: boolean): Promise<GpuContestant | undefined> => {
  if (!(await tf.setBackend(backend))) return undefined
  await tf.ready()
  return {
    name: `tfjs-${backend} ${tf.version_core}`,
    prepare: async (_name, task) => {
      if (!derivatives && !forwardOnly.includes(task.kind)) return undefined
      await tf.setBackend(backend)
      const program = programOf(task, argumentsOf(task))
      const once = async (): Promise<tf.Tensor[]> => {
        await tf.setBackend(backend)
        const results = tf.tidy(program.run)
        await finished(results)
        return results
      }
      let first: tf.Tensor[] = []
      const firstMs = await timed(async () => {
        first = await once()
      })
      const results = await Promise.all(
        first.map(async (x, k) => {
          const canonical = tf.tidy(() => (program.canonical?.[k] ?? tf.clone)(x))
          return Float32Array.from(await canonical.data())
        })
      )
      tf.dispose(first)
      return {
        results,
        digest: results.map(sumOfMagnitudes),
        firstMs,
        run: () =>
          timed(async () => {
            tf.dispose(await once())
          })
      }
    },
    close: () => tf.disposeVariables()
  }
}
