import { either as E, taskEither as TE } from 'fp-ts'
import { pipe } from 'fp-ts/lib/function.js'
import type { TaskEither } from 'fp-ts/lib/TaskEither.js'
import type { DeviceError } from '../../errors.js'
import type { Graph } from '../../graph/graph.js'
import { sameShape, showShape } from '../../shape.js'
import type { HostValue, Value } from '../../value.js'
import type { Device, Executable, HeldState } from '../device.js'
import type { EvaluateOptions } from './evaluate.js'
import { evaluate, mismatchedInput } from './evaluate.js'

const name = 'reference'

const copy = (value: HostValue): HostValue => ({ ...value, data: value.data.slice() })

const readAll = (values: readonly Value[]): TaskEither<DeviceError, readonly HostValue[]> =>
  pipe(values, TE.traverseSeqArray((value): TaskEither<DeviceError, HostValue> => (value.kind === 'host' ? TE.right(value) : value.read)))

const wrongInputs = (mismatch: { readonly operand: string; readonly expected: string; readonly found: string }): DeviceError => ({
  _tag: 'WrongInputs',
  device: name,
  mismatch: { operation: 'run', ...mismatch },
  message: `${name}: ${mismatch.operand}: expected ${mismatch.expected}, found ${mismatch.found}`
})

/**
 * The interpreter as a device: slow, sequential, and right. `f32` outputs are held in double precision unless
 * `precision: 'single'` is given.
 */
export const referenceDevice = (options: EvaluateOptions = {}): Device => {
  /** What this device holds for its states; a state of another device is not in here. */
  const held = new WeakMap<HeldState, readonly HostValue[]>()

  const runOn = (graph: Graph, inputs: readonly HostValue[]): E.Either<DeviceError, readonly HostValue[]> => {
    const mismatch = mismatchedInput(graph, inputs)
    if (mismatch !== undefined) return E.left(wrongInputs(mismatch))
    return pipe(
      evaluate(graph, inputs, options),
      E.mapLeft(({ message }): DeviceError => ({ _tag: 'ExecutionFailed', device: name, message }))
    )
  }

  const advanceOn = (graph: Graph, state: HeldState, inputs: readonly HostValue[]): E.Either<DeviceError, readonly HostValue[]> => {
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
      runOn(graph, [...before, ...inputs]),
      E.map((outputs) => {
        held.set(state, outputs.slice(0, before.length))
        return outputs.slice(before.length)
      })
    )
  }

  const executable = (graph: Graph): Executable => ({
    report: {
      device: name,
      engine: `interpreter in ${options.precision ?? 'double'} precision`,
      kernels: graph.nodes.length,
      segments: 1,
      compileMilliseconds: 0,
      peakBytes: undefined,
      notes: []
    },
    run: (inputs) => pipe(readAll(inputs), TE.chainEitherK((values) => runOn(graph, values))),
    advance: (state, inputs) => pipe(readAll(inputs), TE.chainEitherK((values) => advanceOn(graph, state, values))),
    release: () => undefined
  })

  return {
    name,
    compile: (graph) => TE.right(executable(graph)),
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
