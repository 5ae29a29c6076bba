import { either as E, taskEither as TE } from 'fp-ts'
import { pipe } from 'fp-ts/lib/function.js'
import type { CompileError, DeviceError, Mismatch } from '../../errors.js'
import type { Graph } from '../../graph/graph.js'
import type { Abstract } from '../../node.js'
import { sameShape, showShape } from '../../shape.js'
import type { HostValue, Value } from '../../value.js'
import type { Device, Executable, PlanReport } from '../device.js'
import { mismatchedInput } from '../reference/evaluate.js'
import { Refused } from '../reference/evaluation.js'
import { now } from './engine/clock.js'
import { deviceName, EngineFailure } from './engine/engine.js'
import type { Engine, EngineCounts, GpujsMode } from './engine/engine.js'
import { openEngine } from './engine/open.js'
import type { OpenedEngine, RejectedMode } from './engine/open.js'
import { programOf } from './fuse/program.js'
import type { Program } from './lower/recipe.js'
import { cellsOf } from './plan/cells.js'
import type { Cell, Cells } from './plan/cells.js'
import { executorOf } from './plan/execute.js'
import { executorByMagnitudes, expectedMagnitudes } from './plan/variants.js'
import type { Executor } from './plan/nested.js'
import { programsIn, scheduleOf } from './plan/lifetimes.js'
import type { Schedule } from './plan/lifetimes.js'
import { stateStore } from './state.js'
import type { StateStore } from './state.js'

/** Which of the engine's backends a device runs on. */
export interface GpujsOptions {
  /** The backend of gpu.js that must run; `auto` (the default) is the best one that proves itself by computing known answers. */
  readonly mode?: GpujsMode | 'auto'
  /** Whether `auto` may take an adapter whose work a program draws on the processor. By default not: WebAssembly is faster than those. */
  readonly softwareAdapters?: boolean
  /** Whether `auto` may take a mode without an adapter, `webasm` or `cpu`. By default it may. */
  readonly processor?: boolean
  /** Hears of each kernel that was compiled, which takes up to 0.3 s on an adapter; `pending` counts those that are left. */
  readonly progress?: (counts: EngineCounts) => void
}

/** The gpu.js device, with what it says about its engine. */
export interface GpujsDevice extends Device {
  /** The mode that runs. */
  readonly mode: GpujsMode
  /** The name of the adapter or runtime under it. */
  readonly adapter: string
  /** Whether its work is done by the processor. */
  readonly software: boolean
  /** The modes that `auto` tried before, and why it did not take them. */
  readonly rejected: readonly RejectedMode[]
  /** Kernels compiled and run, values held and their bytes, up to now and over all programs. */
  readonly counts: () => EngineCounts
  /** Destroys kernels and values; the device and its programs are of no use afterwards. */
  readonly close: () => void
}

const failed = (message: string): DeviceError => ({ _tag: 'ExecutionFailed', device: deviceName, message: `${deviceName}: ${message}` })

/** What a run threw because of the engine or of the place it runs in, rather than by a defect of this program. */
const engineFailureOf = (thrown: unknown): EngineFailure | undefined => {
  if (thrown instanceof EngineFailure) return thrown
  // Arrays and memories of WebAssembly that the process or page has no room for.
  const exhausted = thrown instanceof RangeError && /allocat|out of memory|array length/i.test(thrown.message)
  return exhausted ? new EngineFailure(`memory is exhausted: ${thrown.message}`) : undefined
}

/** The error value of what a run threw; rethrows defects. */
const failureOf = (thrown: unknown): DeviceError => {
  if (thrown instanceof Refused) return failed(thrown.reason.message)
  const failure = engineFailureOf(thrown)
  if (failure !== undefined) return failed(failure.message)
  throw thrown
}

const wrongInputs = (mismatch: Omit<Mismatch, 'operation'>): DeviceError => ({
  _tag: 'WrongInputs',
  device: deviceName,
  mismatch: { operation: 'run', ...mismatch },
  message: `${deviceName}: ${mismatch.operand}: expected ${mismatch.expected}, found ${mismatch.found}`
})

const readAll = (values: readonly Value[]): TE.TaskEither<DeviceError, readonly HostValue[]> =>
  pipe(values, TE.traverseSeqArray((value): TE.TaskEither<DeviceError, HostValue> => (value.kind === 'host' ? TE.right(value) : value.read)))

const notesOf = ({ rejected }: OpenedEngine, { hosted }: Schedule): readonly string[] => [
  ...rejected.map(({ mode, reason }) => `Mode ${mode} was not taken: ${reason}.`),
  'Values stay in the engine between kernels and between steps.',
  'The sum over replicas of one replica is the replica itself.',
  ...[...hosted].map(([line, count]) => `${line} (${count} of them).`)
]

/** Fails unless the program's first outputs can take the place of the state it was given. */
const stateMismatch = (graph: Graph, types: readonly Abstract[]): Omit<Mismatch, 'operation'> | undefined => {
  const changed = types.findIndex((type, index) => {
    const output = graph.outputs[index]
    return output === undefined || output.dtype !== type.dtype || !sameShape(output.shape, type.shape)
  })
  if (changed < 0) return undefined
  const [was, becomes] = [types[changed], graph.outputs[changed]].map((x) => (x === undefined ? 'nothing' : `${x.dtype}${showShape(x.shape)}`))
  return { operand: `state ${changed}`, expected: `an output of its shape ${was}`, found: becomes ?? 'nothing' }
}

/** What everything that may run a program refers to, so that its executor lives as long as any of it. */
interface Lifetime {
  readonly executor: Executor
  /** Texts that were announced for its next run. */
  readonly announced: string[]
}

/** A report whose compile time and notes say what has been compiled by now: kernels are compiled when they first run. */
const growing = (planned: PlanReport): { readonly report: PlanReport; readonly compiled: (before: EngineCounts, after: EngineCounts) => void } => {
  let [texts, kernels, milliseconds] = [0, 0, 0]
  return {
    report: {
      ...planned,
      get compileMilliseconds() {
        return planned.compileMilliseconds + milliseconds
      },
      get notes() {
        return kernels === 0 ? planned.notes : [...planned.notes, `Compiled ${texts} texts, which no program had used before, as ${kernels} kernels in ${(milliseconds / 1000).toFixed(1)} s.`]
      }
    },
    compiled: (before, after) => {
      texts += after.texts - before.texts
      kernels += after.kernels - before.kernels
      milliseconds += after.compileMilliseconds - before.compileMilliseconds
    }
  }
}

/** One program on an engine. */
const executable = (graph: Graph, lifetime: Lifetime, { engine, cells, states }: Opened, planned: PlanReport): Executable => {
  const { report, compiled } = growing(planned)
  /** What the engine refuses, with the plan that it was running. */
  const failure = (thrown: unknown): DeviceError => {
    const engineFailure = engineFailureOf(thrown)
    if (engineFailure === undefined) return failureOf(thrown)
    const { live, liveBytes } = engine.counts()
    return failed(`${engineFailure.message} (${report.engine}; a program of ${report.kernels} kernels in ${report.segments} segments that holds up to ${report.peakBytes} bytes; ${live} values of ${liveBytes} bytes are held)`)
  }
  /** Runs on cells that stay the caller's; waits until the engine has taken all of it. */
  const outputsOf = async (inputs: readonly Cell[]): Promise<E.Either<DeviceError, readonly Cell[]>> => {
    const before = engine.counts()
    try {
      const outputs = await lifetime.executor.run(inputs)
      try {
        await engine.settled()
        // A branch that was not taken, or a plan for smaller integers.
        engine.withdraw(lifetime.announced.splice(0))
        compiled(before, engine.counts())
        return E.right(outputs)
      } catch (thrown) {
        outputs.forEach(cells.release)
        throw thrown
      }
    } catch (thrown) {
      return E.left(failure(thrown))
    }
  }
  const readOut = async (outputs: readonly Cell[], types: readonly Abstract[]): Promise<E.Either<DeviceError, readonly HostValue[]>> => {
    try {
      const values: HostValue[] = []
      for (const [index, type] of types.entries()) {
        const cell = outputs[index]
        if (cell !== undefined) values.push(await cells.read(cell, type))
      }
      return E.right(values)
    } catch (thrown) {
      return E.left(failure(thrown))
    } finally {
      outputs.forEach(cells.release)
    }
  }
  return {
    report,
    run: (inputs) =>
      pipe(
        readAll(inputs),
        TE.chain((values) => {
          const mismatch = mismatchedInput(graph, values)
          if (mismatch !== undefined) return TE.left(wrongInputs(mismatch))
          return async () => {
            const own = values.map(cells.ofHost)
            const ran = await outputsOf(own)
            own.forEach(cells.release)
            return E.isLeft(ran) ? ran : readOut(ran.right, graph.outputs)
          }
        })
      ),
    advance: (state, inputs) =>
      pipe(
        readAll(inputs),
        TE.chain((values): TE.TaskEither<DeviceError, readonly HostValue[]> => {
          const types = states.typesOf(state)
          if (types === undefined) return TE.left(wrongInputs({ operand: 'state', expected: `a state held by this ${deviceName} device`, found: 'a state of another device' }))
          const mismatch = mismatchedInput(graph, [...types, ...values]) ?? stateMismatch(graph, types)
          if (mismatch !== undefined) return TE.left(wrongInputs(mismatch))
          return pipe(
            states.advance(state, async (current) => {
              const own = values.map(cells.ofHost)
              const ran = await outputsOf([...current, ...own])
              own.forEach(cells.release)
              return ran
            }),
            TE.chain((outputs) => () => readOut(outputs, graph.outputs.slice(types.length)))
          )
        })
      ),
    release: () => {
      lifetime.executor.constants().forEach(evict(cells))
      lifetime.executor.release()
    }
  }
}

/** Gives a constant's memory in the engine back; a later run uploads it again. */
const evict =
  ({ retain, release }: Cells) =>
  (cell: Cell): void => {
    release(cell)
    retain(cell)
  }

interface Opened {
  readonly engine: Engine
  readonly cells: Cells
  readonly states: StateStore
}

/** The texts of a program's kernels and of those of the programs in it. */
const textsOf = ({ steps }: Program): readonly string[] => steps.flatMap((step) => (step._tag === 'kernel' ? [step.kernel.source] : programsIn(step).flatMap(textsOf)))

interface Planned {
  readonly program: Executable
  readonly lifetime: Lifetime
}

/** Why a program cannot be planned: what it computes of its own data is refused, or there is no room for it. */
const refusal = (thrown: unknown): CompileError => {
  const { message } = failureOf(thrown)
  return { _tag: 'EngineRejected', device: deviceName, message }
}

const planned = (opened: OpenedEngine, parts: Opened, graph: Graph, state: number): Planned => {
  const started = now()
  const expected = expectedMagnitudes(graph, state)
  const program = programOf(graph, expected, parts.engine.texels)
  const schedule = scheduleOf(program)
  const announced: string[] = []
  const executorFor = (planned: Program): Executor => {
    const texts = textsOf(planned)
    announced.push(...texts)
    parts.engine.announce(texts)
    return executorOf(parts.engine, parts.cells, planned)
  }
  const lifetime: Lifetime = {
    executor: executorByMagnitudes(graph, expected, executorFor(program), (inputs) => executorFor(programOf(graph, inputs, parts.engine.texels))),
    announced
  }
  const planning = now() - started
  const { engine } = parts
  const report: PlanReport = {
    device: deviceName,
    engine: `gpu.js in mode ${engine.mode} on ${engine.adapter}`,
    kernels: schedule.kernels,
    segments: schedule.segments,
    compileMilliseconds: planning,
    peakBytes: schedule.peakBytes,
    notes: notesOf(opened, schedule)
  }
  return { program: executable(graph, lifetime, parts, report), lifetime }
}

/** A device over an engine that has proved itself. */
export const deviceOver = (opened: OpenedEngine): GpujsDevice => {
  const { engine, rejected } = opened
  const cells = cellsOf(engine)
  const parts: Opened = { engine, cells, states: stateStore(cells, failureOf) }
  const dropped = new FinalizationRegistry<Executor>((executor) => {
    executor.constants().forEach(cells.release)
    executor.release()
  })
  return {
    name: deviceName,
    mode: engine.mode,
    adapter: engine.adapter,
    software: engine.software,
    rejected,
    counts: engine.counts,
    close: engine.close,
    compile: (graph, { state = 0 } = {}) => async () =>
      pipe(
        E.tryCatch(() => planned(opened, parts, graph, state), refusal),
        E.map(({ program, lifetime }) => {
          dropped.register(lifetime, lifetime.executor)
          return program
        })
      ),
    hold: (state) =>
      pipe(
        readAll(state),
        TE.chainEitherK((values) => E.tryCatch(() => parts.states.hold(values), failureOf))
      )
  }
}

/**
 * gpu.js as a device: programs are kernels over values that stay in the engine; what orders or counts by the data runs on the host and
 * is named in the report. `Left` where gpu.js does not run in the mode asked for, or computes known answers wrong.
 */
export const gpujsDevice = ({ mode = 'auto', ...options }: GpujsOptions = {}): TE.TaskEither<DeviceError, GpujsDevice> =>
  pipe(openEngine(mode, options), TE.map(deviceOver))
