import type { TaskEither } from 'fp-ts/lib/TaskEither.js'
import { taskEither as TE } from 'fp-ts'
import { pipe } from 'fp-ts/lib/function.js'
import { showError } from '@tabula/tensor'
import { gpujsDevice, gpujsModes } from '@tabula/tensor/gpujs'
import type { GpujsDevice } from '@tabula/tensor/gpujs'

/** What a device has compiled, and what is left for its programs to compile. */
export type CompileCounts = Pick<ReturnType<GpujsDevice['counts']>, 'texts' | 'pending'>

/**
 * The gpu.js device in the mode that the page asks for; for `auto`, or a name that is none of gpu.js's modes, the best that proves itself.
 * `compiled` hears of each kernel that was compiled. `Left` says of each mode why it does not run.
 */
export const openDevice = (asked: string, compiled: (counts: CompileCounts) => void): TaskEither<string, GpujsDevice> =>
  pipe(
    gpujsDevice({ mode: gpujsModes.find((mode) => mode === asked) ?? 'auto', progress: compiled }),
    TE.mapLeft(showError)
  )
