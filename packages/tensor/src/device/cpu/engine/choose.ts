import { execFile } from 'node:child_process'
import { createRequire } from 'node:module'
import { availableParallelism } from 'node:os'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { either as E, taskEither as TE } from 'fp-ts'
import { pipe } from 'fp-ts/lib/function.js'
import type { DeviceError } from '../../../errors.js'
import { bindingEngine } from './binding-engine.js'
import { cApiEngine } from './c-api-engine.js'
import { messageOf } from '../../../errors.js'
import type { Engine, EngineFailure } from './engine.js'
import { findLibrary } from './library.js'

/** Which path to take into ONNX Runtime. */
export type EnginePath = 'auto' | 'c-api' | 'binding'

/** How many threads compute, and how Tabula reaches the engine that does. */
export interface CpuOptions {
  /** Threads that share one operator's work; all of the machine's cores where not given. */
  readonly threads?: number
  /**
   * `c-api` is the fast path through koffi, `binding` the package's own binding. `auto` (the default) takes the fast path where
   * a child process has proved that it works here, and else the safe one, with the reason in every plan report.
   */
  readonly engine?: EnginePath
}

/** The engine that was taken, and what there is to say about the choice. */
export interface Chosen {
  readonly engine: Engine
  readonly notes: readonly string[]
}

const missing = (message: string, remedy: string): DeviceError => ({ _tag: 'DeviceMissing', device: 'cpu', message, remedy })

const installRuntime = 'Install it with: npm install onnxruntime-node@1.30.0'
const installForeign = 'Install it with: npm install koffi@3.3.4, or choose the engine "binding".'

/** Runs the self-test in a child process. */
const selfTest = (threads: number): TE.TaskEither<EngineFailure, void> =>
  TE.tryCatch(
    () =>
      new Promise<void>((resolve, reject) => {
        // Beside this file lies the test as TypeScript in a checkout and as JavaScript in the package.
        const inCheckout = import.meta.url.endsWith('.ts')
        const file = fileURLToPath(new URL(inCheckout ? './self-test.ts' : './self-test.js', import.meta.url))
        const loader = inCheckout ? ['--import', pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href] : []
        execFile(process.execPath, [...loader, file, String(threads)], { timeout: 60_000 }, (error, _stdout, stderr) => {
          if (error === null) resolve()
          else if (error.signal !== undefined && error.signal !== null) reject(new Error(`its self-test was ended by ${error.signal}`))
          else reject(new Error(`its self-test failed: ${stderr.trim() || messageOf(error)}`))
        })
      }),
    (thrown) => ({ message: messageOf(thrown) })
  )

const fastPath = (threads: number, proved: boolean): TE.TaskEither<EngineFailure, Engine> =>
  pipe(
    TE.tryCatch(
      () => import('koffi'),
      () => ({ message: `koffi is not installed. ${installForeign}` })
    ),
    TE.chainFirst(() => (proved ? TE.right(undefined) : selfTest(threads))),
    TE.chain(({ default: koffi }) =>
      TE.fromEither(
        pipe(
          findLibrary(),
          E.chain((library) => cApiEngine(koffi, library, { threads }))
        )
      )
    )
  )

const safePath = (threads: number): TE.TaskEither<DeviceError, Engine> =>
  pipe(
    TE.tryCatch(
      () => import('onnxruntime-node'),
      (thrown) => missing(`onnxruntime-node cannot be loaded: ${messageOf(thrown)}`, installRuntime)
    ),
    TE.map((module) => {
      const library = findLibrary()
      return bindingEngine(module, E.isRight(library) ? library.right.version : 'of an unknown version', { threads })
    })
  )

/** Takes the engine that the options ask for. A path that is asked for by name is never replaced by another. */
export const chooseEngine = ({ threads = availableParallelism(), engine = 'auto' }: CpuOptions): TE.TaskEither<DeviceError, Chosen> => {
  const found = findLibrary()
  if (E.isLeft(found)) return TE.left(missing(found.left.message, installRuntime))
  const plain = (chosen: Engine): Chosen => ({ engine: chosen, notes: [] })
  switch (engine) {
    case 'c-api':
      return pipe(
        fastPath(threads, true),
        TE.bimap(({ message }) => missing(`ONNX Runtime's C interface cannot be used: ${message}`, installForeign), plain)
      )
    case 'binding':
      return pipe(safePath(threads), TE.map(plain))
    case 'auto':
      return pipe(
        fastPath(threads, false),
        TE.map(plain),
        TE.orElse(({ message }): TE.TaskEither<DeviceError, Chosen> =>
          pipe(
            safePath(threads),
            TE.map((chosen) => ({
              engine: chosen,
              notes: [`The slower Node.js binding runs this, because ONNX Runtime's C interface cannot be used: ${message}`]
            }))
          )
        )
      )
  }
}
