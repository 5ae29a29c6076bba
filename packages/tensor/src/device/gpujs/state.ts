import { either as E } from 'fp-ts'
import type { TaskEither } from 'fp-ts/lib/TaskEither.js'
import type { DeviceError } from '../../errors.js'
import type { Abstract } from '../../node.js'
import { sizeOf } from '../../shape.js'
import type { HostValue } from '../../value.js'
import type { HeldState } from '../device.js'
import type { Cell, Cells } from './plan/cells.js'

/** What a state is between steps. */
interface Leaves {
  readonly types: readonly Abstract[]
  cells: readonly Cell[]
  /** Settles when the last step has. Steps of one state follow one another. */
  last: Promise<unknown>
}

/** One step's outcome: the cells of its outputs, of which the first become the state. */
export type Advance = (cells: readonly Cell[]) => Promise<E.Either<DeviceError, readonly Cell[]>>

/** The states that one device holds in its engine. */
export interface StateStore {
  /** Copies values into the engine; integers stay beside on the host, where they are exact. Throws `EngineFailure`. */
  readonly hold: (values: readonly HostValue[]) => HeldState
  /** Types of a held state's values; `undefined` for a state of another device. */
  readonly typesOf: (state: HeldState) => readonly Abstract[] | undefined
  /** Runs a step after those before it, keeps its first outputs as the state and answers the cells of the others. A failed step changes nothing. */
  readonly advance: (state: HeldState, step: Advance) => TaskEither<DeviceError, readonly Cell[]>
}

/** A store over an engine's cells. A state that nothing refers to any more is released by the garbage collector. */
export const stateStore = (cells: Cells, failureOf: (thrown: unknown) => DeviceError): StateStore => {
  const held = new WeakMap<HeldState, Leaves>()
  const dropped = new FinalizationRegistry<Leaves>((leaves) => void leaves.last.then(() => leaves.cells.forEach(cells.release)))

  const cellOf = (value: HostValue): Cell => {
    const inEngine = value.dtype === 'f32' && sizeOf(value.shape) > 0
    const cell = cells.ofHost(inEngine ? value : { ...value, data: value.data.slice() })
    if (inEngine) {
      cells.resident(cell)
      cell.host = undefined
    }
    return cell
  }

  return {
    hold: (values) => {
      const leaves: Leaves = { types: values.map(({ shape, dtype }) => ({ shape, dtype })), cells: values.map(cellOf), last: Promise.resolve() }
      const state: HeldState = {
        read: () => {
          const copies = leaves.last.then(async (): Promise<E.Either<DeviceError, readonly HostValue[]>> => {
            try {
              const read: HostValue[] = []
              for (const [index, cell] of leaves.cells.entries()) {
                const type = leaves.types[index]
                if (type === undefined) continue
                const value = await cells.read(cell, type)
                read.push({ ...value, data: value.data.slice() })
              }
              return E.right(read)
            } catch (thrown) {
              return E.left(failureOf(thrown))
            }
          })
          // The next step waits, as it releases what is read here.
          leaves.last = copies
          return copies
        }
      }
      held.set(state, leaves)
      dropped.register(state, leaves)
      return state
    },
    typesOf: (state) => held.get(state)?.types,
    advance: (state, step) => () => {
      const leaves = held.get(state)
      if (leaves === undefined) return Promise.resolve(E.left(failureOf(new ReferenceError('a state of another device'))))
      const done = leaves.last.then(async (): Promise<E.Either<DeviceError, readonly Cell[]>> => {
        const ran = await step(leaves.cells)
        if (E.isLeft(ran)) return ran
        const count = leaves.types.length
        leaves.cells.forEach(cells.release)
        leaves.cells = ran.right.slice(0, count)
        return E.right(ran.right.slice(count))
      })
      leaves.last = done
      return done
    }
  }
}
