import { either as E, taskEither as TE } from 'fp-ts'
import { pipe } from 'fp-ts/lib/function.js'
import type { Device, DeviceError, Executable, HeldState, HostValue, Value } from '@tabula/tensor'
import { messageOf } from '@tabula/tensor'
import type { EngineCounts } from '@tabula/tensor/gpujs'
import type { Channel } from '../place.js'
import type { Mode } from '../task.js'
import { sentProgram } from './program.js'
import type { DeviceFacts, ExchangeName, Exchanges } from './protocol.js'
import { readText, textOf } from './text.js'

/** The gpu.js device of a page or process, as a device of this process. */
export interface RemoteDevice extends Device, DeviceFacts {
  /** Kernels and values of the page's or process's engine. */
  readonly counts: TE.TaskEither<DeviceError, EngineCounts>
}

const name = 'gpujs'

const failed = (message: string): DeviceError => ({ _tag: 'ExecutionFailed', device: name, message: `${name}: ${message}` })

/** Asks and waits. What the channel rejects, such as a page that crashed or is not done in time, is a failure of the device. */
const asking =
  ({ ask }: Channel) =>
  <N extends ExchangeName>(_tag: N, request: Exchanges[N]['request']): TE.TaskEither<Exchanges[N]['failure'] | DeviceError, Exchanges[N]['answer']> =>
  async () => {
    try {
      // `answering` on the other side writes the outcome of this exchange.
      return readText(await ask(textOf({ _tag, ...request }))) as E.Either<Exchanges[N]['failure'], Exchanges[N]['answer']>
    } catch (thrown) {
      return E.left(failed(messageOf(thrown)))
    }
  }

const readAll = (values: readonly Value[]): TE.TaskEither<DeviceError, readonly HostValue[]> =>
  pipe(values, TE.traverseSeqArray((value): TE.TaskEither<DeviceError, HostValue> => (value.kind === 'host' ? TE.right(value) : value.read)))

/**
 * Opens gpu.js in a mode behind a channel and answers it as a device: programs are traced here, and compiled and run there; values that
 * stay on the device stay there. `Left` where the mode does not run there.
 */
export const remoteDevice = (channel: Channel, mode: Mode): TE.TaskEither<DeviceError, RemoteDevice> => {
  const ask = asking(channel)
  const states = new WeakMap<HeldState, number>()
  const numberOf = (state: HeldState): E.Either<DeviceError, number> => E.fromNullable(failed('a state of another device'))(states.get(state))
  const executableOf = ({ executable, report }: Exchanges['compile']['answer']): Executable => ({
    report,
    run: (inputs) =>
      pipe(
        readAll(inputs),
        TE.chain((values) => ask('run', { executable, inputs: values }))
      ),
    advance: (state, inputs) =>
      pipe(
        TE.Do,
        TE.bind('number', () => TE.fromEither(numberOf(state))),
        TE.bind('values', () => readAll(inputs)),
        TE.chain(({ number, values }) => ask('advance', { executable, state: number, inputs: values }))
      ),
    release: () => void ask('release', { executable })()
  })
  return pipe(
    ask('open', { mode }),
    TE.map((facts) => ({
      ...facts,
      name,
      compile: (graph, { state } = {}) => pipe(ask('compile', { program: sentProgram(graph), state: state ?? null }), TE.map(executableOf)),
      hold: (state) =>
        pipe(
          readAll(state),
          TE.chain((values) => ask('hold', { values })),
          TE.map((number) => {
            const held: HeldState = { read: ask('read', { state: number }) }
            states.set(held, number)
            return held
          })
        ),
      counts: ask('counts', {})
    }))
  )
}
