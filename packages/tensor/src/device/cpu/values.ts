import { taskEither as TE } from 'fp-ts'
import { pipe } from 'fp-ts/lib/function.js'
import type { DeviceError, Mismatch } from '../../errors.js'
import type { Graph } from '../../graph/graph.js'
import type { Abstract } from '../../node.js'
import { sameShape, showShape } from '../../shape.js'
import type { HostValue, Value } from '../../value.js'
import type { HostArray } from './engine/engine.js'

export const deviceName = 'cpu'

/** A refusal of values that do not fit a program. */
export const wrongInputs = (mismatch: Omit<Mismatch, 'operation'>): DeviceError => ({
  _tag: 'WrongInputs',
  device: deviceName,
  mismatch: { operation: 'run', ...mismatch },
  message: `${deviceName}: ${mismatch.operand}: expected ${mismatch.expected}, found ${mismatch.found}`
})

export const executionFailed = ({ message }: { readonly message: string }): DeviceError => ({ _tag: 'ExecutionFailed', device: deviceName, message })

/** The values on the host. */
export const readAll = (values: readonly Value[]): TE.TaskEither<DeviceError, readonly HostValue[]> =>
  pipe(
    values,
    TE.traverseSeqArray((value): TE.TaskEither<DeviceError, HostValue> => (value.kind === 'host' ? TE.right(value) : value.read))
  )

/** A value's data as the engine takes it; the reference interpreter's double precision is rounded. */
export const arrayOf = ({ data }: HostValue): HostArray => (data instanceof Float64Array ? Float32Array.from(data) : data)

/** A value over an array that the engine answered. */
export const valueOver = ({ shape, dtype }: Abstract, data: HostArray): HostValue => ({ kind: 'host', dtype, shape, data }) as HostValue // The engine answers the array of the dtype that its slot declares.

const describe = ({ dtype, shape }: Abstract): string => `${dtype}${showShape(shape)}`

/** Says which input does not fit the program; `undefined` where all do. */
export const mismatchOf = (graph: Graph, inputs: readonly Abstract[]): Omit<Mismatch, 'operation'> | undefined => {
  if (inputs.length !== graph.inputs.length) return { operand: 'inputs', expected: `${graph.inputs.length} values`, found: `${inputs.length}` }
  for (const [index, parameter] of graph.inputs.entries()) {
    const value = inputs[index]
    if (value === undefined || value.dtype !== parameter.dtype || !sameShape(value.shape, parameter.shape)) {
      const name = parameter.node.primitive === 'input' ? ` "${parameter.node.attributes.name}"` : ''
      return { operand: `input ${index}${name}`, expected: describe(parameter), found: value === undefined ? 'nothing' : describe(value) }
    }
  }
  return undefined
}
