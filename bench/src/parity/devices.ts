import { either as E, taskEither as TE } from 'fp-ts'
import { pipe } from 'fp-ts/lib/function.js'
import type { Device, DeviceError } from '@tabula/tensor'
import { cpuDevice } from '@tabula/tensor/cpu'
import { gpujsDevice } from '@tabula/tensor/gpujs'
import { referenceDevice } from '@tabula/tensor/reference'
import { browserPlace } from '../gpu/browser-place.js'
import { headlessGlPlace } from '../gpu/headless-gl.js'
import type { Found } from '../gpu/place.js'
import { remoteDevice } from '../gpu/remote/device.js'
import type { Mode } from '../gpu/task.js'

/** A device and what ends the page or process that it may live in. */
export interface OpenedDevice {
  readonly device: Device
  readonly close: () => Promise<void>
}

const here = (device: TE.TaskEither<DeviceError, Device>): TE.TaskEither<DeviceError, OpenedDevice> =>
  pipe(
    device,
    TE.map((own) => ({ device: own, close: async () => undefined }))
  )

/** Longest time that a page or process may take for one program's compilation or run. */
const limit = 5 * 60_000

/** The gpu.js device of a page or process. `Left` where there is none, or gpu.js does not run in this mode there. */
const elsewhere =
  (mode: Mode, open: () => Promise<Found>): TE.TaskEither<DeviceError, OpenedDevice> =>
  async () => {
    const found = await open()
    if ('reason' in found) return E.left({ _tag: 'DeviceMissing', device: `gpujs:${mode}`, message: `gpu.js does not run in mode ${mode}: ${found.reason}.`, remedy: `To have it: ${found.remedy}` })
    const { place } = found
    const channel = await place.connect(limit)
    const close = async (): Promise<void> => {
      await channel.close()
      await place.close()
    }
    const device = await remoteDevice(channel, mode)()
    if (E.isLeft(device)) await close()
    return pipe(
      device,
      E.map((own) => ({ device: own, close }))
    )
  }

const say = (text: string): void => void process.stderr.write(`${text}\n`)

/** The devices that cases can run on, by the name that the command line takes. */
export const devices: Readonly<Record<string, TE.TaskEither<DeviceError, OpenedDevice>>> = {
  reference: here(TE.fromIO(() => referenceDevice())),
  cpu: here(cpuDevice()),
  'gpujs:webasm': here(gpujsDevice({ mode: 'webasm' })),
  'gpujs:cpu': here(gpujsDevice({ mode: 'cpu' })),
  'gpujs:webgl2': elsewhere('webgl2', browserPlace),
  'gpujs:webgpu': elsewhere('webgpu', browserPlace),
  'gpujs:headlessgl': elsewhere('headlessgl', async () => headlessGlPlace(say))
}
