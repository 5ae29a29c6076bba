import { taskEither as TE } from 'fp-ts'
import type { Device, DeviceError } from '@tabula/tensor'
import { cpuDevice } from '@tabula/tensor/cpu'
import { gpujsDevice } from '@tabula/tensor/gpujs'
import { referenceDevice } from '@tabula/tensor/reference'

/** The devices that cases can run on, by the name that the command line takes. */
export const devices: Readonly<Record<string, TE.TaskEither<DeviceError, Device>>> = {
  reference: TE.fromIO(() => referenceDevice()),
  cpu: cpuDevice(),
  'gpujs:webasm': gpujsDevice({ mode: 'webasm' })
}
