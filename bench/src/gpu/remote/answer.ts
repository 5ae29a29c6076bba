import { either as E, taskEither as TE } from 'fp-ts'
import { pipe } from 'fp-ts/lib/function.js'
import type { DeviceError, Executable, HeldState } from '@tabula/tensor'
import { gpujsDevice } from '@tabula/tensor/gpujs'
import type { GpujsDevice } from '@tabula/tensor/gpujs'
import { receivedProgram } from './program.js'
import type { ExchangeName, Exchanges, Request } from './protocol.js'
import { readText, textOf } from './text.js'

type Outcome = TE.TaskEither<Exchanges[ExchangeName]['failure'], Exchanges[ExchangeName]['answer']>

const failed = (message: string): DeviceError => ({ _tag: 'ExecutionFailed', device: 'gpujs', message })

/** Things that the other side knows by a number. They live as long as the page or process does, unless removed. */
const numbered = <A>(what: string) => {
  const things = new Map<number, A>()
  let last = 0
  return {
    add: (thing: A): number => {
      things.set(++last, thing)
      return last
    },
    find: (number: number): E.Either<DeviceError, A> => E.fromNullable(failed(`there is no ${what} ${number}`))(things.get(number)),
    remove: (number: number): void => void things.delete(number)
  }
}

/** A gpu.js device that is driven by texts: a function from each request to its answer, both as `textOf` writes them. For pages and processes. */
export const answering = (): ((text: string) => Promise<string>) => {
  let opened: GpujsDevice | undefined
  const executables = numbered<Executable>('program')
  const states = numbered<HeldState>('state')
  const device = (): E.Either<DeviceError, GpujsDevice> => E.fromNullable(failed('no device was opened'))(opened)
  const outcomeOf = (request: Request): Outcome => {
    switch (request._tag) {
      case 'open':
        return pipe(
          gpujsDevice({ mode: request.mode }),
          TE.map((found) => {
            opened = found
            return { adapter: found.adapter, software: found.software }
          })
        )
      case 'compile':
        return pipe(
          TE.fromEither(device()),
          TE.chainW((own) => own.compile(receivedProgram(request.program), request.state === null ? {} : { state: request.state })),
          TE.map((executable) => ({ executable: executables.add(executable), report: executable.report }))
        )
      case 'run':
        return pipe(TE.fromEither(executables.find(request.executable)), TE.chain((executable) => executable.run(request.inputs)))
      case 'hold':
        return pipe(
          TE.fromEither(device()),
          TE.chain((own) => own.hold(request.values)),
          TE.map(states.add)
        )
      case 'advance':
        return pipe(
          TE.Do,
          TE.bind('executable', () => TE.fromEither(executables.find(request.executable))),
          TE.bind('state', () => TE.fromEither(states.find(request.state))),
          TE.chain(({ executable, state }) => executable.advance(state, request.inputs))
        )
      case 'read':
        return pipe(TE.fromEither(states.find(request.state)), TE.chain((state) => state.read))
      case 'release':
        return pipe(
          TE.fromEither(executables.find(request.executable)),
          TE.map((executable) => {
            executable.release()
            executables.remove(request.executable)
            return null
          })
        )
      case 'counts':
        return pipe(TE.fromEither(device()), TE.map((own) => own.counts()))
    }
  }
  // The driver is the only caller, and writes requests.
  return async (text) => textOf(await outcomeOf(readText(text) as Request)())
}
