import { taskEither as TE } from 'fp-ts'
import { pipe } from 'fp-ts/lib/function.js'
import { bind } from '../../bind.js'
import type { CompileError, DeviceError } from '../../errors.js'
import { graphOf } from '../../graph/graph.js'
import type { Graph } from '../../graph/graph.js'
import { placeholder } from '../../graph/trace.js'
import { key, uniform } from '../../random/index.js'
import { floats, scalar } from '../../value.js'
import type { HostValue } from '../../value.js'
import type { GpujsDevice } from './device.js'

/** How a steadiness is measured. */
export interface SteadinessOptions {
  /** Steps after the first ones, in which everything is compiled and allocated (1,000). */
  readonly steps?: number
  /** Bytes that the process or page uses, after a garbage collection where one can be asked for. */
  readonly memory?: () => number | Promise<number>
}

/** What a device held while a small training ran: flat where nothing leaks. */
export interface Steadiness {
  readonly steps: number
  /** Values held by the engine after the first steps, and the fewest and most after any later one. */
  readonly live: { readonly before: number; readonly fewest: number; readonly most: number }
  readonly liveBytes: { readonly before: number; readonly most: number }
  /** Kernels compiled after the first steps: none should be. */
  readonly compiled: number
  /** What `memory` answered after the first steps, and after the last. */
  readonly memory: { readonly before: number; readonly after: number }
  /** The loss of the first and of the last step. */
  readonly loss: { readonly first: number; readonly last: number }
}

const [rows, inputs, outputs] = [32, 16, 8]

/** One step of linear regression by SGD with momentum: (w, v, x, y, rate) → (w, v, loss, the three largest errors, found on the host). */
const regression = (): Graph => {
  const of = (name: string, shape: readonly number[]) => placeholder(name, { shape, dtype: 'f32' })
  const [w, v, x, y, rate] = [of('w', [inputs, outputs]), of('v', [inputs, outputs]), of('x', [rows, inputs]), of('y', [rows, outputs]), of('rate', [])]
  const error = bind('sub', {}, bind('matmul', {}, x, w), y)
  const squares = bind('mul', {}, error, error)
  const loss = bind('reduceSum', { axes: [0, 1], keepDimensions: false }, squares)
  const gradient = bind('matmul', {}, bind('transpose', { permutation: [1, 0] }, x), error)
  const velocity = bind('add', {}, bind('mul', {}, v, bind('constant', { value: scalar(0.9) })), gradient)
  const next = bind('sub', {}, w, bind('mul', {}, velocity, bind('broadcastTo', { shape: [inputs, outputs] }, rate)))
  const worst = bind('topK', { k: 3 }, bind('reduceSum', { axes: [1], keepDimensions: false }, squares))
  return graphOf([w, v, x, y, rate], [next, velocity, loss, worst])
}

/**
 * Trains a small linear model on held state, with a step on the host in the middle, and tells what the engine and the process held
 * meanwhile. `Left` where the device fails.
 */
export const steadiness = (device: GpujsDevice, { steps = 1000, memory = () => 0 }: SteadinessOptions = {}): TE.TaskEither<CompileError | DeviceError, Steadiness> => {
  const data = [uniform(key(1), [rows, inputs], -1, 1), uniform(key(2), [rows, outputs], -1, 1), floats([], [0.001])]
  const zeros = floats([inputs, outputs], new Float32Array(inputs * outputs))
  return pipe(
    TE.Do,
    TE.bindW('program', () => device.compile(regression(), { state: 2 })),
    TE.bindW('state', () => device.hold([zeros, zeros])),
    TE.chainW(({ program, state }) => async () => {
      const lossOf = ([value]: readonly HostValue[]): number => value?.data[0] ?? NaN
      const warm = 20
      let first = NaN
      let last = NaN
      let before = device.counts()
      let memoryBefore = 0
      let [fewest, most, mostBytes] = [Infinity, 0, 0]
      for (let step = 0; step < warm + steps; step++) {
        if (step === warm) {
          before = device.counts()
          memoryBefore = await memory()
        }
        const ran = await program.advance(state, data)()
        if (ran._tag === 'Left') return ran
        last = lossOf(ran.right)
        if (step === 0) first = last
        if (step < warm) continue
        const { live, liveBytes } = device.counts()
        fewest = Math.min(fewest, live)
        most = Math.max(most, live)
        mostBytes = Math.max(mostBytes, liveBytes)
      }
      const after = { memory: await memory(), kernels: device.counts().kernels }
      // Read at the end, so that the state is not collected before.
      const kept = await state.read()
      if (kept._tag === 'Left') return kept
      program.release()
      return {
        _tag: 'Right',
        right: {
          steps,
          live: { before: before.live, fewest, most },
          liveBytes: { before: before.liveBytes, most: mostBytes },
          compiled: after.kernels - before.kernels,
          memory: { before: memoryBefore, after: after.memory },
          loss: { first, last }
        }
      }
    })
  )
}
