import { either as E, taskEither as TE } from 'fp-ts'
import type { Either } from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import type { TaskEither } from 'fp-ts/lib/TaskEither.js'
import type { CompileError, DeviceError, Mismatch } from '../../errors.js'
import type { Graph } from '../../graph/graph.js'
import { sameShape, showShape } from '../../shape.js'
import type { HostValue, Value } from '../../value.js'
import type { Device, Executable, HeldState, PlanReport } from '../device.js'
import { mismatchedInput } from './evaluate.js'

/** A program ready to run on values in the host's memory. */
export interface Interpreted {
  readonly report: PlanReport
  readonly run: (inputs: readonly HostValue[]) => Either<DeviceError, readonly HostValue[]>
  readonly release: () => void
}

const copy = (value: HostValue): HostValue => ({ ...value, data: value.data.slice() })

const readAll = (values: readonly Value[]): TaskEither<DeviceError, readonly HostValue[]> =>
  pipe(values, TE.traverseSeqArray((value): TaskEither<DeviceError, HostValue> => (value.kind === 'host' ? TE.right(value) : value.read)))

/** A device whose programs run synchronously and whose held state lies in the host's memory. Checks inputs and state. */
export const interpretedDevice = (name: string, prepare: (graph: Graph) => Either<CompileError, Interpreted>): Device => {
  /** What this device holds for its states; a state of another device is not in here. */
  const held = new WeakMap<HeldState, readonly HostValue[]>()

  const wrongInputs = (mismatch: Omit<Mismatch, 'operation'>): DeviceError => ({
    _tag: 'WrongInputs',
    device: name,
    mismatch: { operation: 'run', ...mismatch },
    message: `${name}: ${mismatch.operand}: expected ${mismatch.expected}, found ${mismatch.found}`
  })

  const runOn = (graph: Graph, { run }: Interpreted, inputs: readonly HostValue[]): Either<DeviceError, readonly HostValue[]> => {
    const mismatch = mismatchedInput(graph, inputs)
    return mismatch === undefined ? run(inputs) : E.left(wrongInputs(mismatch))
  }

  const advanceOn = (graph: Graph, program: Interpreted, state: HeldState, inputs: readonly HostValue[]): Either<DeviceError, readonly HostValue[]> => {
    const before = held.get(state)
    if (before === undefined) {
      return E.left(wrongInputs({ operand: 'state', expected: `a state held by this ${name} device`, found: 'a state of another device' }))
    }
    const changed = before.findIndex((value, index) => {
      const output = graph.outputs[index]
      return output === undefined || output.dtype !== value.dtype || !sameShape(output.shape, value.shape)
    })
    if (changed >= 0) {
      const [was, becomes] = [before[changed], graph.outputs[changed]].map((x) => (x === undefined ? 'nothing' : `${x.dtype}${showShape(x.shape)}`))
      return E.left(wrongInputs({ operand: `state ${changed}`, expected: `an output of its shape ${was}`, found: becomes ?? 'nothing' }))
    }
    return pipe(
      runOn(graph, program, [...before, ...inputs]),
      E.map((outputs) => {
        held.set(state, outputs.slice(0, before.length))
        return outputs.slice(before.length)
      })
    )
  }

  const executable = (graph: Graph, program: Interpreted): Executable => ({
    report: program.report,
    run: (inputs) => pipe(readAll(inputs), TE.chainEitherK((values) => runOn(graph, program, values))),
    advance: (state, inputs) => pipe(readAll(inputs), TE.chainEitherK((values) => advanceOn(graph, program, state, values))),
    release: program.release
  })

  return {
    name,
    compile: (graph) => async () => pipe(prepare(graph), E.map((program) => executable(graph, program))),
    hold: (state) =>
      pipe(
        readAll(state),
        TE.map((values) => {
          const handle: HeldState = { read: TE.fromIO(() => (held.get(handle) ?? []).map(copy)) }
          held.set(handle, values.map(copy))
          return handle
        })
      )
  }
}
