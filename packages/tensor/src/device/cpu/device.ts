import { performance } from 'node:perf_hooks'
import { either as E, taskEither as TE } from 'fp-ts'
import { pipe } from 'fp-ts/lib/function.js'
import type { CompileError, DeviceError } from '../../errors.js'
import type { Graph } from '../../graph/graph.js'
import { sameShape } from '../../shape.js'
import type { Device, Executable } from '../device.js'
import { isBrief } from './brief.js'
import { chooseEngine } from './engine/choose.js'
import type { Chosen, CpuOptions } from './engine/choose.js'
import type { Engine, EngineFailure } from './engine/engine.js'
import { Unsupported } from './lower/lowering.js'
import { borderOf, programOf } from './program.js'
import { hosted } from './hosted.js'
import { hasHost } from './segments.js'
import { stagesOf } from './stages.js'
import type { Port } from './stages.js'
import { stateStore } from './state.js'
import type { StateStore } from './state.js'
import { plainStep, stagedStep } from './step.js'
import type { Step } from './step.js'
import { arrayOf, deviceName, executionFailed, mismatchOf, readAll, valueOver, wrongInputs } from './values.js'

/** A program's models, and how they are loaded by an engine. */
interface Written {
  readonly nodes: number
  readonly segments: number
  /** What runs on the host, and why. */
  readonly notes: readonly string[]
  readonly load: TE.TaskEither<EngineFailure, Step>
}

const nameOf = ({ of, index }: Port): string => `${of === 'input' ? 'in' : of === 'output' ? 'out' : 'between'}${index}`

/** A step in stages, where that is possible and worth it. */
const writtenInStages = ({ loadStages }: Engine, graph: Graph, count: number): Written | undefined => {
  const staged = loadStages === undefined || count === 0 ? undefined : stagesOf(graph, count)
  if (loadStages === undefined || staged === undefined) return undefined
  const programs = staged.stages.map((stage) => programOf(stage.graph, { inputs: stage.inputs.map(nameOf), outputs: stage.outputs.map(nameOf) }))
  const border = borderOf(graph)
  const signature = { inputs: border.inputs, outputs: border.outputs.filter((_, index) => !staged.unchanged.has(index)) }
  return {
    nodes: programs.reduce((sum, { nodes }) => sum + nodes, 0),
    segments: programs.length,
    notes: [],
    load: pipe(loadStages(programs, signature, isBrief(graph)), TE.map((session) => stagedStep(session, graph.outputs.length, staged)))
  }
}

const written = (engine: Engine, graph: Graph): Written => {
  const { model, signature, nodes } = programOf(graph)
  return { nodes, segments: 1, notes: [], load: pipe(engine.load(model, signature, isBrief(graph)), TE.map(plainStep)) }
}

const lowered = (engine: Engine, graph: Graph, state: number): E.Either<CompileError, Written> => {
  try {
    return E.right(hasHost(graph) ? hosted(engine, graph) : (writtenInStages(engine, graph, state) ?? written(engine, graph)))
  } catch (thrown) {
    if (thrown instanceof Unsupported) return E.left({ _tag: 'Unsupported', device: deviceName, primitive: thrown.primitive, message: `${deviceName}: ${thrown.message}` })
    throw thrown
  }
}

/** Fails unless the program's first outputs can take the place of the state it was given. */
const checkState = (graph: Graph, count: number): E.Either<DeviceError, void> => {
  for (let index = 0; index < count; index++) {
    const [input, output] = [graph.inputs[index], graph.outputs[index]]
    if (input === undefined || output === undefined || input.dtype !== output.dtype || !sameShape(input.shape, output.shape)) {
      return E.left(wrongInputs({ operand: `state ${index}`, expected: 'an output of the type and shape of the state', found: 'another, or none' }))
    }
  }
  return E.right(undefined)
}

const executable = (graph: Graph, step: Step, report: Executable['report'], states: StateStore): Executable => ({
  report,
  run: (inputs) =>
    pipe(
      readAll(inputs),
      TE.chain((values) => {
        const mismatch = mismatchOf(graph, values)
        return mismatch === undefined ? pipe(step.run(values.map(arrayOf), []), TE.mapLeft(executionFailed)) : TE.left(wrongInputs(mismatch))
      }),
      TE.map((arrays) => graph.outputs.map((output, index) => valueOver(output, arrays[index] ?? new Float32Array())))
    ),
  advance: (state, inputs) =>
    pipe(
      states.typesOf(state),
      TE.bindTo('types'),
      TE.bind('values', () => readAll(inputs)),
      TE.chain(({ types, values }) => {
        const mismatch = mismatchOf(graph, [...types, ...values])
        return pipe(
          mismatch === undefined ? TE.fromEither(checkState(graph, types.length)) : TE.left(wrongInputs(mismatch)),
          TE.chain(() => states.advance(state, step, values.map(arrayOf))),
          TE.map((arrays) => graph.outputs.slice(types.length).map((output, index) => valueOver(output, arrays[index] ?? new Float32Array())))
        )
      })
    ),
  release: step.release
})

const deviceOver = ({ engine, notes }: Chosen): Device => {
  const states = stateStore()
  return {
    name: deviceName,
    compile: (graph, { state = 0 } = {}) => async () => {
      const started = performance.now()
      const program = lowered(engine, graph, state)
      if (E.isLeft(program)) return program
      const { nodes, segments, load, notes: hostNotes } = program.right
      const step = await load()
      if (E.isLeft(step)) return E.left({ _tag: 'EngineRejected', device: deviceName, message: `${engine.description}: ${step.left.message}` })
      const report = {
        device: deviceName,
        engine: engine.description,
        kernels: nodes,
        segments,
        compileMilliseconds: performance.now() - started,
        peakBytes: undefined,
        notes: [...notes, ...hostNotes]
      }
      return E.right(executable(graph, step.right, report, states))
    },
    hold: (state) => pipe(readAll(state), TE.map(states.hold))
  }
}

/**
 * The native CPU device: compiles a whole program into one ONNX Runtime graph. `Left` where onnxruntime-node, or the engine
 * that the options ask for by name, is not there.
 */
export const cpuDevice = (options: CpuOptions = {}): TE.TaskEither<DeviceError, Device> => pipe(chooseEngine(options), TE.map(deviceOver))
