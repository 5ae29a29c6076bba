import { taskEither as TE } from 'fp-ts'
import { pipe } from 'fp-ts/lib/function.js'
import { showError } from '@tabula/tensor'
import type { Device } from '@tabula/tensor'
import { cpuDevice } from '@tabula/tensor/cpu'
import { gpujsDevice } from '@tabula/tensor/gpujs'
import { referenceDevice } from '@tabula/tensor/reference'
import { badInput } from './failure.js'
import type { Failure } from './failure.js'

/** A device and why it was taken. */
export interface ChosenDevice {
  readonly device: Device
  readonly reason: string
}

/** The device that `--device` names: auto, reference, cpu, or gpujs with a mode after a colon. `Left` where it is missing or unknown. */
export const chooseDevice = (name: string): TE.TaskEither<Failure, ChosenDevice> => {
  const missing = TE.mapLeft((error: Parameters<typeof showError>[0]) => badInput(`--device ${name}: ${showError(error)}`))
  const because = (reason: string) => TE.map((device: Device): ChosenDevice => ({ device, reason }))
  switch (name) {
    case 'auto':
      return pipe(cpuDevice(), missing, because('the fastest device that runs every operation of a training step'))
    case 'cpu':
      return pipe(cpuDevice(), missing, because('asked for'))
    case 'reference':
      return TE.right({ device: referenceDevice({ precision: 'single' }), reason: 'asked for; an interpreter, right but slow' })
    case 'gpujs':
    case 'gpujs:webasm':
      return pipe(gpujsDevice({ mode: 'webasm' }), missing, because('asked for'))
    default:
      return TE.left(badInput(`--device: expected auto, reference, cpu, or gpujs:webasm, found ${JSON.stringify(name)}. Choose one of them; auto is the default.`))
  }
}
