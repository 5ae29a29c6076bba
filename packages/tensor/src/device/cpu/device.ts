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
import type { Session } from './engine/engine.js'
import { Unsupported } from './lower/lowering.js'
import { programOf } from './program.js'
import type { Program } from './program.js'
import { stateStore } from './state.js'
import type { StateStore } from './state.js'
import { arrayOf, deviceName, executionFailed, mismatchOf, readAll, valueOver, wrongInputs } from './values.js'

const lowered = (graph: Graph): E.Either<CompileError, Program> => {
  try {
    return E.right(programOf(graph))
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

const executable = (graph: Graph, session: Session, report: Executable['report'], states: StateStore): Executable => ({
  report,
  run: (inputs) =>
    pipe(
      readAll(inputs),
      TE.chain((values) => {
        const mismatch = mismatchOf(graph, values)
        return mismatch === undefined ? pipe(session.run(values.map(arrayOf), []), TE.mapLeft(executionFailed)) : TE.left(wrongInputs(mismatch))
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
          TE.chain(() => states.advance(state, session, values.map(arrayOf))),
          TE.map((arrays) => graph.outputs.slice(types.length).map((output, index) => valueOver(output, arrays[index] ?? new Float32Array())))
        )
      })
    ),
  release: session.release
})

const deviceOver = ({ engine, notes }: Chosen): Device => {
  const states = stateStore()
  return {
    name: deviceName,
    compile: (graph) => async () => {
      const started = performance.now()
      const program = lowered(graph)
      if (E.isLeft(program)) return program
      const { model, signature, nodes } = program.right
      const session = await engine.load(model, signature, isBrief(graph))()
      if (E.isLeft(session)) return E.left({ _tag: 'EngineRejected', device: deviceName, message: `${engine.description}: ${session.left.message}` })
      const report = {
        device: deviceName,
        engine: engine.description,
        kernels: nodes,
        segments: 1,
        compileMilliseconds: performance.now() - started,
        peakBytes: undefined,
        notes
      }
      return E.right(executable(graph, session.right, report, states))
    },
    hold: (state) => pipe(readAll(state), TE.map(states.hold))
  }
}

/**
 * The native CPU device: compiles a whole program into one ONNX Runtime graph. `Left` where onnxruntime-node, or the engine
 * that the options ask for by name, is not there.
 */
export const cpuDevice = (options: CpuOptions = {}): TE.TaskEither<DeviceError, Device> => pipe(chooseEngine(options), TE.map(deviceOver))
