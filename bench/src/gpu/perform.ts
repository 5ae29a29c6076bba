import { either as E } from 'fp-ts'
import { showError } from '@tabula/tensor'
import type { Device } from '@tabula/tensor'
import { gpujsDevice } from '@tabula/tensor/gpujs'
import { deviceConformance, sizedDifference, sizedPrograms } from '@tabula/tensor/testing'
import type { SizedName } from '@tabula/tensor/testing'
import { takeDeviceAway } from './loss.js'
import { observed } from './observed.js'
import type { Observation } from './observed.js'
import type { CheckName, Finding, Outcome, Task } from './task.js'

/** Drawn instances without elements exist for every primitive that allows them; the host computes those, whatever the mode. */
const placeOf = ({ kernels, onDevice, hosted }: Observation): 'device' | 'mixed' | 'host' => (hosted === 0 ? 'device' : onDevice === 0 && kernels === 0 ? 'host' : 'mixed')

const isSized = (name: CheckName): name is SizedName => Object.hasOwn(sizedPrograms, name)

/** How a device fares with instances of a primitive, or with a program at a size, and what differs. */
const check = async (device: Device, name: CheckName, { runs, seed }: Task): Promise<{ readonly outcome: Outcome; readonly message?: string }> => {
  if (isSized(name)) {
    const message = await sizedDifference(device, name)()
    return message === undefined ? { outcome: 'agreed' } : { outcome: 'differs', message }
  }
  const { mismatches, unsupported } = await deviceConformance(device, { primitives: [name], runs, seed })()
  const [mismatch] = mismatches
  if (mismatch === undefined) return { outcome: unsupported.length > 0 ? 'unsupported' : 'agreed' }
  return { outcome: 'differs', message: `${mismatch.message} (${JSON.stringify(mismatch.attributes)}; ${mismatch.inputs.map(({ dtype, shape }) => `${dtype}[${shape.join(', ')}]`).join(', ')})` }
}

/** Does a task where gpu.js is to run: in a page or in a process of Node. Uses nothing of either. Findings are told as they are made. */
export const perform = async (task: Task, tell: (finding: Finding) => Promise<void>): Promise<void> => {
  if (task.primitives.length === 0) return tell(await takeDeviceAway(task.mode))
  const opened = await gpujsDevice({ mode: task.mode })()
  if (E.isLeft(opened)) {
    await tell({ _tag: 'missing', reason: showError(opened.left) })
    return
  }
  const { device, take } = observed(opened.right)
  const started = Date.now()
  const left: CheckName[] = []
  for (const name of task.primitives) {
    const before = Date.now()
    if (left.length > 0 || (name !== task.primitives[0] && before - started > task.milliseconds)) {
      left.push(name)
      continue
    }
    const outcome = await check(device, name, task)
    const observation = take()
    await tell({
      _tag: 'primitive',
      name,
      ...outcome,
      place: placeOf(observation),
      kernels: observation.kernels,
      milliseconds: Date.now() - before
    })
  }
  await tell({ _tag: 'done', left })
}
