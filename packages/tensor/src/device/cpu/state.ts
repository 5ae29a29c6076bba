import { taskEither as TE } from 'fp-ts'
import { pipe } from 'fp-ts/lib/function.js'
import type { DeviceError } from '../../errors.js'
import type { Abstract } from '../../node.js'
import type { HostValue } from '../../value.js'
import type { HeldState } from '../device.js'
import type { EngineFailure, HostArray, Session } from './engine/engine.js'
import { arrayOf, deviceName, executionFailed, valueOver, wrongInputs } from './values.js'

/**
 * State between steps: two buffers for each array, of which a step reads one and writes the other. The engine may read a
 * weight after it has written the new one, so a step never writes where it reads.
 */
interface Buffers {
  readonly types: readonly Abstract[]
  current: readonly HostArray[]
  spare: readonly (HostArray | undefined)[]
  /** Settles when the last step has. Steps of one state follow one another. */
  last: Promise<unknown>
}

/** The states that one device holds. */
export interface StateStore {
  /** Takes a copy into the device's ownership. */
  readonly hold: (values: readonly HostValue[]) => HeldState
  /** Types of a held state's values. `Left` for a state of another device. */
  readonly typesOf: (state: HeldState) => TE.TaskEither<DeviceError, readonly Abstract[]>
  /** Runs a step, keeps its first outputs as the new state and answers the others. */
  readonly advance: (state: HeldState, session: Session, inputs: readonly HostArray[]) => TE.TaskEither<DeviceError, readonly HostArray[]>
}

const foreign = wrongInputs({ operand: 'state', expected: `a state held by this ${deviceName} device`, found: 'a state of another device' })

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
        last: Promise.resolve()
      }
      const copies = (): readonly HostValue[] =>
        buffers.types.map((type, index) => valueOver(type, (buffers.current[index] ?? new Float32Array()).slice()))
      const state: HeldState = { read: TE.fromIO(copies) }
      held.set(state, buffers)
      return state
    },
    typesOf: (state) => pipe(find(state), TE.map(({ types }) => types)),
    advance: (state, session, inputs) =>
      pipe(
        find(state),
        TE.chain((buffers) => {
          const step: TE.TaskEither<EngineFailure, readonly HostArray[]> = () => session.run([...buffers.current, ...inputs], buffers.spare)()
          const keep = (outputs: readonly HostArray[]): readonly HostArray[] => {
            buffers.spare = buffers.current
            buffers.current = outputs.slice(0, buffers.types.length)
            return outputs.slice(buffers.types.length)
          }
          return () => {
            const done = buffers.last.then(pipe(step, TE.bimap(executionFailed, keep)))
            buffers.last = done
            return done
          }
        })
      )
  }
}
