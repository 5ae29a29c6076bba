import { defaultDevice, init, jit, lax, nn, numpy as np, valueAndGrad, vjp } from '@jax-js/jax'
import type { Device } from '@jax-js/jax'
import { sumOfMagnitudes } from '../../benchmarks/contestant.js'
import { timed } from '../contestant.js'
import type { GpuContestant } from '../contestant.js'
import { argumentsOf, epsilon, stepSettings, trainedNames } from '../tasks.js'
import type { ConvolutionSizes, NetworkSizes, Numbers, Task } from '../tasks.js'
import { interpolationWeights } from './interpolation.js'

type Arrays = readonly np.Array[]

/** A program of jax-js: compiled once, it takes these arguments and answers results. `next` gives a training step's new arguments. */
interface Program {
  readonly args: np.Array[]
  readonly f: (...args: np.Array[]) => np.Array[]
  readonly next?: (results: Arrays) => np.Array[]
  readonly canonical?: (x: np.Array, k: number) => np.Array
  /** How many of the results are compared. */
  readonly compared?: number
}

const array = ({ shape, data }: Numbers): np.Array => np.array(data, { shape: [...shape] })

const padded = (padding: number): [number, number][] => [
  [padding, padding],
  [padding, padding]
]

const convolution =
  ({ stride, padding }: Pick<ConvolutionSizes, 'stride' | 'padding'>) =>
  (x: np.Array, w: np.Array): np.Array =>
    lax.convGeneralDilated(x, w, [stride, stride], padded(padding))

/** f's value and derivatives by all its arguments; the last argument is the derivative by the value. */
const withGradients =
  (f: (...args: np.Array[]) => np.Array) =>
  (...args: np.Array[]): np.Array[] => {
    const g = args[args.length - 1]
    if (g === undefined) return []
    const [value, pull] = vjp(f, args.slice(0, -1))
    const gradients: np.Array[] = pull(g)
    pull.dispose()
    return [value, ...gradients]
  }

/** Group normalization of `[N, C, H, W]`. Arrays are used up by every use but those of `ref`. */
const groupNorm =
  (groups: number) =>
  (x: np.Array, gamma: np.Array, beta: np.Array): np.Array => {
    const { shape } = x
    const [n = 1, c = 1, h = 1, w = 1] = shape
    const rows = x.reshape([n * groups, (c / groups) * h * w])
    const centred = rows.ref.sub(np.mean(rows, 1, { keepdims: true }))
    const variance = np.mean(np.square(centred.ref), 1, { keepdims: true })
    const normal = centred.div(np.sqrt(variance.add(epsilon))).reshape([n, c, h, w])
    return normal.mul(gamma.reshape([1, c, 1, 1])).add(beta.reshape([1, c, 1, 1]))
  }

const chain = (x: np.Array, y: np.Array): np.Array => {
  const t = np.square(x.ref)
  const u = np.exp(np.negative(t.ref)).mul(y).add(0.5)
  return np.sqrt(nn.relu(u).add(t)).div(np.abs(x).add(1))
}

const roiAlign = (task: Extract<Task, { readonly kind: 'roi-align' }>, arrays: Readonly<Record<string, Numbers>>): Program => {
  const [, channels, height, width] = task.x
  const { regions, size, scale } = task
  const [x, boxes, g] = named(arrays, ['x', 'boxes', 'g'])
  if (x === undefined || boxes === undefined || g === undefined) throw new ReferenceError('no x, boxes or g')
  const alongX = array(interpolationWeights(boxes, 'x', { size, length: width, scale })).reshape([regions * size, width])
  const alongY = array(interpolationWeights(boxes, 'y', { size, length: height, scale }))
  const f = (alongX: np.Array, alongY: np.Array) =>
    withGradients((x) => {
      const across = np.matmul(x.reshape([channels * height, width]), np.transpose(alongX)).reshape([channels, height, regions, size])
      return np.matmul(alongY, np.transpose(across, [2, 1, 0, 3]).reshape([regions, height, channels * size]))
    })
  return {
    args: [array(x), np.transpose(array(g), [0, 2, 1, 3]).reshape([regions, size, channels * size]), alongX, alongY],
    f: (x, g, alongX, alongY) => (x === undefined || g === undefined || alongX === undefined || alongY === undefined ? [] : f(alongX, alongY)(x, g)),
    canonical: (x, k) => (k === 0 ? np.transpose(x.reshape([regions, size, channels, size]), [0, 2, 1, 3]) : x)
  }
}

const step = (task: NetworkSizes, arrays: Readonly<Record<string, Numbers>>): Program => {
  const names = trainedNames(task)
  const { learningRate, momentum, weightDecay } = stepSettings
  const convolved = convolution({ stride: 2, padding: 1 })
  const normal = groupNorm(task.groups)
  const loss = (parameters: np.Array[], images: np.Array, labels: np.Array): np.Array => {
    const at = (name: string): np.Array => {
      const found = parameters[names.indexOf(name)]
      if (found === undefined) throw new ReferenceError(`no parameter ${name}`)
      return found
    }
    const count = labels.shape[0] ?? 1
    const features = task.widths.reduce<np.Array>((x, _, k) => nn.relu(normal(convolved(x, at(`w${k}`)), at(`gamma${k}`), at(`beta${k}`))), images)
    const logits = np.matmul(np.mean(features, [2, 3]), at('fc'))
    return np.negative(np.sum(nn.logSoftmax(logits, 1).mul(labels))).div(count)
  }
  const count = names.length
  const first = named(arrays, names).map(array)
  const momenta = first.map((p) => np.zerosLike(p.ref))
  const [images, labels] = named(arrays, ['images', 'labels']).map(array)
  if (images === undefined || labels === undefined) throw new ReferenceError('no images or labels')
  return {
    args: [...first, ...momenta, images, labels],
    f: (...all) => {
      const parameters = all.slice(0, count)
      const [x, y] = all.slice(2 * count)
      if (x === undefined || y === undefined) return []
      const [value, gradients] = valueAndGrad(loss)(
        parameters.map((p) => p.ref),
        x,
        y
      )
      const velocities = gradients.map((g, k) => {
        const [p = g, v = g] = [parameters[k], all[count + k]]
        return v.mul(momentum).add(g.add(p.ref.mul(weightDecay)))
      })
      const updated = parameters.map((p, k) => p.sub((velocities[k]?.ref ?? p).mul(learningRate)))
      return [value.reshape([1]), ...updated, ...velocities]
    },
    next: (results) => [...results.slice(1).map((x) => x.ref), images, labels],
    compared: 1 + count
  }
}

const named = (arrays: Readonly<Record<string, Numbers>>, names: readonly string[]): readonly Numbers[] => names.flatMap((name) => arrays[name] ?? [])

const all =
  (f: (...args: np.Array[]) => np.Array) =>
  (...args: np.Array[]): np.Array[] => [f(...args)]

// jax-js types functions of any number of arrays as such; those of two or three come in through this.
type Several = (...args: np.Array[]) => np.Array

const programOf = (task: Task): Program => {
  const arrays = argumentsOf(task)
  const args = (names: readonly string[]): np.Array[] => named(arrays, names).map(array)
  switch (task.kind) {
    case 'matmul':
      return { args: args(['a', 'b']), f: all(np.matmul as Several) }
    case 'convolution':
      return { args: args(['x', 'w']), f: all(convolution(task) as Several) }
    case 'convolution-gradients':
      return { args: args(['x', 'w', 'g']), f: withGradients(convolution(task) as Several) }
    case 'group-norm':
      return { args: args(['x', 'gamma', 'beta', 'g']), f: withGradients(groupNorm(task.groups) as Several) }
    case 'chain':
      return { args: args(['x', 'y']), f: all(chain as Several) }
    case 'roi-align':
      return roiAlign(task, arrays)
    case 'step':
      return step(task, arrays)
  }
}

const firstElements = (results: np.Array[]): np.Array =>
  results.map((x) => x.reshape([-1]).slice([0, 1])).reduce((a, b) => a.add(b))

/** jax-js on one of its devices; `undefined` where it has none. Each program, and the number read at its end, is one compiled function. */
export const jax = async (device: Device): Promise<GpuContestant | undefined> => {
  if (!(await init(device)).includes(device)) return undefined
  return {
    name: `jax-js 0.1.25 ${device}`,
    prepare: async (_name, task) => {
      defaultDevice(device)
      const { f, next, canonical, compared, args: initial } = programOf(task)
      const compiled = jit((...args: np.Array[]): np.Array[] => {
        const results = f(...args)
        return [...results, firstElements(results.map((x) => x.ref))]
      })
      let args = initial
      const once = async (): Promise<np.Array[]> => {
        defaultDevice(device)
        const answered: np.Array[] = compiled(...args.map((x) => x.ref))
        const results = answered.slice(0, -1)
        await answered[answered.length - 1]?.data()
        if (next !== undefined) {
          const old = args.slice(0, -2)
          args = next(results)
          old.forEach((x) => x.dispose())
        }
        return results
      }
      let first: np.Array[] = []
      const firstMs = await timed(async () => {
        first = await once()
      })
      const results: Float32Array[] = []
      for (const [k, x] of first.slice(0, compared).entries()) {
        results.push(Float32Array.from(await (canonical?.(x.ref, k) ?? x.ref).data()))
      }
      first.forEach((x) => x.dispose())
      return {
        results,
        digest: results.map(sumOfMagnitudes),
        firstMs,
        run: () =>
          timed(async () => {
            const results = await once()
            results.forEach((x) => x.dispose())
          })
      }
    },
    close: () => undefined
  }
}
