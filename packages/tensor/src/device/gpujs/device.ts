import { either as E } from 'fp-ts'
import type { Either } from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import type { TaskEither } from 'fp-ts/lib/TaskEither.js'
import type { CompileError, DeviceError } from '../../errors.js'
import type { Graph } from '../../graph/graph.js'
import type { HostValue } from '../../value.js'
import type { Device } from '../device.js'
import { Refused } from '../reference/evaluation.js'
import { interpretedDevice } from '../reference/interpreted.js'
import type { Interpreted } from '../reference/interpreted.js'
import { deviceName, EngineFailure, openEngine } from './engine.js'
import type { Engine, GpujsMode } from './engine.js'
import { planOf, TooLarge } from './plan.js'
import type { Plan } from './plan.js'

/** Which of the engine's backends a device runs on. */
export interface GpujsOptions {
  /** The backend of gpu.js that must run (`webasm`). */
  readonly mode?: GpujsMode
}

/** One line for each primitive and reason: what runs on the host. */
const notesOf = ({ hosted }: Plan): readonly string[] => {
  const counts = new Map<string, number>()
  hosted.forEach(({ primitive, reason }) => {
    const line = `${primitive} runs on the host: ${reason}`
    counts.set(line, (counts.get(line) ?? 0) + 1)
  })
  return [
    'Values between kernels pass through the host.',
    'The sum over replicas of one replica is the replica itself.',
    ...[...counts].map(([line, count]) => `${line} (${count} of them).`)
  ]
}

const running =
  ({ run }: Plan) =>
  (inputs: readonly HostValue[]): Either<DeviceError, readonly HostValue[]> => {
    const failed = (message: string): Either<DeviceError, never> => E.left({ _tag: 'ExecutionFailed', device: deviceName, message: `${deviceName}: ${message}` })
    try {
      return E.right(run(inputs))
    } catch (thrown) {
      if (thrown instanceof Refused) return failed(thrown.reason.message)
      if (thrown instanceof EngineFailure) return failed(thrown.message)
      throw thrown
    }
  }

const prepared = (engine: Engine, graph: Graph): Either<CompileError, Interpreted> => {
  const started = Date.now()
  try {
    const plan = planOf(graph, engine)
    const report = {
      device: deviceName,
      engine: `gpu.js in mode ${engine.mode}`,
      kernels: plan.kernels.length,
      segments: plan.segments,
      compileMilliseconds: Date.now() - started,
      peakBytes: undefined,
      notes: notesOf(plan)
    }
    return E.right({ report, run: running(plan), release: () => plan.kernels.forEach((kernel) => kernel.release()) })
  } catch (thrown) {
    if (thrown instanceof TooLarge) return E.left({ _tag: 'Unsupported', device: deviceName, primitive: thrown.primitive, message: thrown.message })
    throw thrown
  }
}

/**
 * gpu.js as a device. Arithmetic, movement, reductions, products and convolutions are kernels; what indexes, orders or counts runs
 * on the host and is named in the report. `Left` where gpu.js does not run in the mode asked for.
 */
export const gpujsDevice =
  ({ mode = 'webasm' }: GpujsOptions = {}): TaskEither<DeviceError, Device> =>
  async () =>
    pipe(
      openEngine(mode),
      E.map((engine) => interpretedDevice(deviceName, (graph) => prepared(engine, graph)))
    )

