import { either as E } from 'fp-ts'
import { messageOf, showError } from '@tabula/tensor'
import { gpujsDevice } from '@tabula/tensor/gpujs'
import { effort, measureTask, quickEffort } from './measure.js'
import type { GpuRow } from './measure.js'
import type { GpuContestant } from './contestant.js'
import { tabula } from './tabula.js'
import { tasks } from './tasks.js'

/** Modes in the order in which they are measured; the last two need a browser. */
export const modes = ['webasm', 'cpu', 'headlessgl', 'webgl2', 'webgpu'] as const
export type Mode = (typeof modes)[number]

/** Which rows of a mode are measured. */
export interface Request {
  readonly mode: Mode
  readonly size: keyof typeof tasks
  /** The beginning of the names of the rows. */
  readonly only: string
  /** Fewer rounds. */
  readonly quick: boolean
}

/** What is told while rows are measured. */
export type Finding = { readonly _tag: 'rows'; readonly rows: readonly GpuRow[] } | { readonly _tag: 'note' | 'failed'; readonly message: string }

/** Measures all rows asked for in one mode, where its engine runs. What goes wrong in a row is told, and the others follow. */
export const measureMode = async ({ mode, size, only, quick }: Request, rivals: readonly GpuContestant[], tell: (finding: Finding) => Promise<void>): Promise<void> => {
  const device = await gpujsDevice({ mode })()
  if (E.isLeft(device)) {
    await tell({ _tag: 'failed', message: showError(device.left) })
    return
  }
  const own = tabula(device.right)
  for (const [name, task] of Object.entries(tasks[size]).filter(([name]) => name.startsWith(only))) {
    try {
      const { rows, notes } = await measureTask(mode, name, task, own, rivals, quick ? quickEffort : effort)
      await tell({ _tag: 'rows', rows })
      for (const message of notes) await tell({ _tag: 'note', message })
    } catch (thrown) {
      await tell({ _tag: 'failed', message: `${name}: ${messageOf(thrown)}` })
    }
  }
}
