import type { TaskEither } from 'fp-ts/lib/TaskEither.js'
import { taskEither as TE } from 'fp-ts'
import { pipe } from 'fp-ts/lib/function.js'
import { showError } from '@tabula/tensor'
import { gpujsDevice, gpujsModes } from '@tabula/tensor/gpujs'
import type { GpujsDevice } from '@tabula/tensor/gpujs'

/**
 * The gpu.js device in the mode that the page asks for; for `auto`, or a name that is none of gpu.js's modes, the best that proves itself.
 * `compiled` hears how many kernels have been compiled. `Left` says of each mode why it does not run.
 */
export const openDevice = (asked: string, compiled: (kernels: number) => void): TaskEither<string, GpujsDevice> =>
  pipe(
    gpujsDevice({ mode: gpujsModes.find((mode) => mode === asked) ?? 'auto', progress: ({ kernels }) => compiled(kernels) }),
    TE.mapLeft(showError)
  )
