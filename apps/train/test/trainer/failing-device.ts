import { taskEither as TE } from 'fp-ts'
import { pipe } from 'fp-ts/lib/function.js'
import type { Device, DeviceError, Executable, HeldState } from '@tabula/tensor'

const lost: DeviceError = { _tag: 'ExecutionFailed', device: 'fake', message: 'fake: the adapter was taken away' }

/** A device that fails in a step, and from then on forgets its states where `forgets`. */
export const failing = (device: Device, at: number, forgets: boolean): Device => {
  let steps = 0
  const originals = new WeakMap<HeldState, HeldState>()
  return {
    name: 'fake',
    compile: (graph, options) =>
      pipe(
        device.compile(graph, options),
        TE.map(
          (executable): Executable => ({
            ...executable,
            advance: (state, inputs) => {
              const original = originals.get(state)
              return ++steps >= at || original === undefined ? TE.left(lost) : executable.advance(original, inputs)
            }
          })
        )
      ),
    hold: (values) =>
      pipe(
        device.hold(values),
        TE.map((original) => {
          const state: HeldState = { read: () => (forgets && steps >= at ? TE.left(lost)() : original.read()) }
          originals.set(state, original)
          return state
        })
      )
  }
}
