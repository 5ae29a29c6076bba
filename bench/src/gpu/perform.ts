import { either as E } from 'fp-ts'
import { showError } from '@tabula/tensor'
import type { PrimitiveName } from '@tabula/tensor'
import { gpujsDevice } from '@tabula/tensor/gpujs'
import { deviceConformance } from '@tabula/tensor/testing'
import type { ConformanceOptions } from '@tabula/tensor/testing'
import { observed } from './observed.js'
import type { Observation } from './observed.js'
import type { Finding, Task } from './task.js'

/** Drawn instances without elements exist for every primitive that allows them; the host computes those, whatever the mode. */
const placeOf = ({ kernels, onDevice, hosted }: Observation): 'device' | 'mixed' | 'host' => (hosted === 0 ? 'device' : onDevice === 0 && kernels === 0 ? 'host' : 'mixed')

/** Sine and cosine of a graphics adapter may be off by 2⁻¹¹, as its shading language allows; SwiftShader's are off by up to 2e-4. */
const ofAdapters: ConformanceOptions['tolerances'] = { sin: { absolute: 2 ** -11, relative: 0 }, cos: { absolute: 2 ** -11, relative: 0 } }

/** Does a task where gpu.js is to run: in a page or in a process of Node. Uses nothing of either. Findings are told as they are made. */
export const perform = async (task: Task, tell: (finding: Finding) => Promise<void>): Promise<void> => {
  const opened = await gpujsDevice({ mode: task.mode })()
  if (E.isLeft(opened)) {
    await tell({ _tag: 'missing', reason: showError(opened.left) })
    return
  }
  const { device, take } = observed(opened.right)
  const onAdapter = task.mode !== 'cpu' && task.mode !== 'webasm'
  const started = Date.now()
  const left: PrimitiveName[] = []
  for (const name of task.primitives) {
    const before = Date.now()
    if (left.length > 0 || (name !== task.primitives[0] && before - started > task.milliseconds)) {
      left.push(name)
      continue
    }
    const { mismatches, unsupported } = await deviceConformance(device, { primitives: [name], runs: task.runs, seed: task.seed, tolerances: onAdapter ? ofAdapters : {} })()
    const observation = take()
    const [mismatch] = mismatches
    await tell({
      _tag: 'primitive',
      name,
      outcome: mismatch !== undefined ? 'differs' : unsupported.length > 0 ? 'unsupported' : 'agreed',
      place: placeOf(observation),
      kernels: observation.kernels,
      milliseconds: Date.now() - before,
      ...(mismatch === undefined ? {} : { message: `${mismatch.message} (${JSON.stringify(mismatch.attributes)}; ${mismatch.inputs.map(({ dtype, shape }) => `${dtype}[${shape.join(', ')}]`).join(', ')})` })
    })
  }
  await tell({ _tag: 'done', left })
}
