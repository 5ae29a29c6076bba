import { taskEither as TE } from 'fp-ts'
import { pipe } from 'fp-ts/lib/function.js'
import { showError } from '@tabula/tensor'
import type { Device, DeviceError } from '@tabula/tensor'
import { cpuDevice } from '@tabula/tensor/cpu'
import { gpujsDevice, gpujsModes } from '@tabula/tensor/gpujs'
import type { EngineCounts, GpujsDevice, GpujsMode } from '@tabula/tensor/gpujs'
import { referenceDevice } from '@tabula/tensor/reference'
import { badInput } from './failure.js'
import type { Failure } from './failure.js'

/** A device and why it was taken. */
export interface ChosenDevice {
  readonly device: Device
  readonly reason: string
}

const modes: readonly string[] = gpujsModes

const isMode = (name: string): name is GpujsMode => modes.includes(name)

const engineOf = ({ mode, adapter }: GpujsDevice): string => `gpu.js in mode ${mode} on ${adapter}`

const rejectedBy = ({ rejected }: GpujsDevice): string =>
  rejected.length === 0 ? '' : ` (not ${rejected.map(({ mode, reason }) => `${mode}: ${reason}`).join('; not ')})`

/** Hears of each kernel that gpu.js has compiled. */
export type CompilationListener = (counts: EngineCounts) => void

/** gpu.js where an adapter of hardware computes right, else the CPU device. */
const fastest = (progress: CompilationListener): TE.TaskEither<DeviceError, ChosenDevice> =>
  pipe(
    gpujsDevice({ mode: 'auto', processor: false, progress }),
    TE.map((device): ChosenDevice => ({ device, reason: `${engineOf(device)}, an adapter of hardware that computes known answers right` })),
    TE.orElse(() => pipe(cpuDevice(), TE.map((device): ChosenDevice => ({ device, reason: 'the fastest device here, as gpu.js finds no adapter of hardware' }))))
  )

const gpujs = (mode: GpujsMode | 'auto', progress: CompilationListener): TE.TaskEither<DeviceError, ChosenDevice> =>
  pipe(
    gpujsDevice({ mode, progress }),
    TE.map(
      (device): ChosenDevice => ({
        device,
        reason: mode === 'auto' ? `${engineOf(device)}, the best mode that computes known answers right${rejectedBy(device)}` : `asked for; ${engineOf(device)}`
      })
    )
  )

/**
 * The device that `--device` names: auto, reference, cpu, or gpujs with a mode after a colon (its own auto without one). `auto` never
 * takes an adapter whose work a program draws on the processor. `progress` hears of what gpu.js compiles. `Left` where the device is
 * missing or unknown.
 */
export const chooseDevice = (name: string, progress: CompilationListener = () => undefined): TE.TaskEither<Failure, ChosenDevice> => {
  const missing = TE.mapLeft((error: DeviceError) => badInput(`--device ${name}: ${showError(error)}`))
  const [family, mode = 'auto', ...rest] = name.split(':')
  if (family === 'gpujs' && rest.length === 0 && (mode === 'auto' || isMode(mode))) return pipe(gpujs(mode, progress), missing)
  switch (name) {
    case 'auto':
      return pipe(fastest(progress), missing)
    case 'cpu':
      return pipe(cpuDevice(), TE.map((device): ChosenDevice => ({ device, reason: 'asked for' })), missing)
    case 'reference':
      return TE.right({ device: referenceDevice({ precision: 'single' }), reason: 'asked for; an interpreter, right but slow' })
    default:
      return TE.left(
        badInput(
          `--device: expected auto, reference, cpu, or gpujs with one of ${['auto', ...modes].join(', ')} after a colon, found ${JSON.stringify(name)}. Choose one of them; auto is the default.`
        )
      )
  }
}
