import { either as E, taskEither as TE } from 'fp-ts'
import { pipe } from 'fp-ts/lib/function.js'
import type { DeviceError } from '../../errors.js'
import type { Abstract } from '../../node.js'
import type { HostValue } from '../../value.js'
import type { HeldState } from '../device.js'
import type { HostArray } from './engine/engine.js'
import type { Step } from './step.js'
import { arrayOf, deviceName, executionFailed, valueOver, wrongInputs } from './values.js'

/**
 * State between steps. A step writes over an array what it may; beside each other array stands a spare one, of which a step reads one
 * and writes the other.
 */
interface Buffers {
  readonly types: readonly Abstract[]
  current: readonly HostArray[]
  spare: readonly (HostArray | undefined)[]
  /** Settles when the last step has. Steps of one state follow one another. */
  last: Promise<unknown>
  /** Why the state is neither the old one nor the new one. */
  lost: string | undefined
}

/** The states that one device holds. */
export interface StateStore {
  /** Takes a copy into the device's ownership. */
  readonly hold: (values: readonly HostValue[]) => HeldState
  /** Types of a held state's values. `Left` for a state of another device. */
  readonly typesOf: (state: HeldState) => TE.TaskEither<DeviceError, readonly Abstract[]>
  /** Runs a step, keeps its first outputs as the new state and answers the others. */
  readonly advance: (state: HeldState, step: Step, inputs: readonly HostArray[]) => TE.TaskEither<DeviceError, readonly HostArray[]>
}

const foreign = wrongInputs({ operand: 'state', expected: `a state held by this ${deviceName} device`, found: 'a state of another device' })

const lostState = (message: string): DeviceError =>
  executionFailed({
    message: `${deviceName}: the state is lost, as the engine failed while it wrote the new one over it (${message}). Go on from a copy that was read before, as a checkpoint is.`
  })

const intact = (buffers: Buffers): E.Either<DeviceError, Buffers> => (buffers.lost === undefined ? E.right(buffers) : E.left(lostState(buffers.lost)))

export const stateStore = (): StateStore => {
  const held = new WeakMap<HeldState, Buffers>()
  const find = (state: HeldState): TE.TaskEither<DeviceError, Buffers> => {
    const buffers = held.get(state)
    return buffers === undefined ? TE.left(foreign) : TE.right(buffers)
  }
  return {
    hold: (values) => {
      const buffers: Buffers = {
        types: values.map(({ shape, dtype }) => ({ shape, dtype })),
        current: values.map((value) => arrayOf(value).slice()),
        spare: [],
        last: Promise.resolve(),
        lost: undefined
      }
      const copies = (): E.Either<DeviceError, readonly HostValue[]> =>
        pipe(
          intact(buffers),
          E.map(({ types, current }) => types.map((type, index) => valueOver(type, (current[index] ?? new Float32Array()).slice())))
        )
      const state: HeldState = { read: () => buffers.last.then(copies) }
      held.set(state, buffers)
      return state
    },
    typesOf: (state) => pipe(find(state), TE.map(({ types }) => types)),
    advance: (state, step, inputs) =>
      pipe(
        find(state),
        TE.chain((buffers) => {
          const run: TE.TaskEither<DeviceError, readonly HostArray[]> = async () => {
            const { current, spare, types } = buffers
            const targets = current.map((array, index) => (step.inPlace.has(index) ? array : spare[index]))
            const ran = await step.run([...current, ...inputs], targets)()
            if (E.isLeft(ran)) {
              if (ran.left.overwritten) buffers.lost = ran.left.message
              return E.left(buffers.lost === undefined ? executionFailed(ran.left) : lostState(buffers.lost))
            }
            buffers.current = ran.right.slice(0, types.length)
            buffers.spare = current.map((array, index) => (array === buffers.current[index] ? undefined : array))
            return E.right(ran.right.slice(types.length))
          }
          return () => {
            const done = buffers.last.then(() => pipe(TE.fromEither(intact(buffers)), TE.chain(() => run))())
            buffers.last = done
            return done
          }
        })
      )
  }
}
