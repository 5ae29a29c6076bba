import { either as E, taskEither as TE } from 'fp-ts'
import { pipe } from 'fp-ts/lib/function.js'
import type { GpujsDevice } from '@tabula/tensor/gpujs'
import type { RunFiles } from '../protocol.js'
import { guarded } from './guarded.js'
import type { LoadedRun } from './loaded-run.js'
import { loadRun } from './loaded-run.js'
import { openDevice } from './open-device.js'
import type { CompileCounts } from './open-device.js'
import { detectIn, prepared } from './photograph.js'
import type { Tell } from './session.js'

/** Looks at photographs with a loaded run, one after the other. */
export interface PhotographDesk {
  /** Says in which mode devices are to be opened. */
  readonly opened: (mode: string) => void
  readonly load: (files: RunFiles) => Promise<void>
  readonly look: (name: string, file: Blob) => Promise<void>
}

/**
 * A desk with a device of its own, so that a photograph that is too much for it costs the training nothing. A run that cannot be loaded
 * leaves the one before in place; a device that failed is replaced by another.
 */
export const photographDesk = (tell: Tell): PhotographDesk => {
  let mode = 'auto'
  let at: { readonly device: GpujsDevice; readonly run: LoadedRun; readonly files: RunFiles } | undefined
  let queue: Promise<void> = Promise.resolve()
  let looking: { readonly since: number; readonly before: number } | undefined

  const compiled = ({ texts, pending }: CompileCounts): void => {
    if (looking === undefined) return
    const kernels = texts - looking.before
    tell({ _tag: 'compiled', about: 'run', kernels, of: kernels + pending, seconds: (performance.now() - looking.since) / 1000 })
  }
  const inTurn = (work: () => Promise<void>): Promise<void> => {
    queue = queue.then(work, work)
    return queue
  }
  const loaded = (files: RunFiles) =>
    guarded(
      pipe(
        openDevice(mode, compiled),
        TE.flatMap((device) =>
          pipe(
            loadRun(device, files),
            TE.bimap(
              (message) => {
                device.close()
                return message
              },
              (run) => ({ device, run, files })
            )
          )
        )
      )
    )
  const seat = async (files: RunFiles): Promise<boolean> => {
    const next = await loaded(files)
    if (E.isLeft(next)) {
      tell({ _tag: 'problem', about: 'run', message: next.left })
      return false
    }
    at?.device.close()
    at = next.right
    return true
  }

  return {
    opened: (now) => {
      mode = now
    },
    load: (files) =>
      inTurn(async () => {
        if ((await seat(files)) && at !== undefined) tell({ _tag: 'run', name: at.run.name, step: at.run.step, classes: at.run.classes })
      }),
    look: (name, file) =>
      inTurn(async () => {
        if (at === undefined) return tell({ _tag: 'problem', about: 'run', message: 'No run is loaded that could look at photographs.' })
        tell({ _tag: 'looking', name })
        const { run, files, device } = at
        const since = performance.now()
        const ready = await guarded(prepared(run, name, file))
        if (E.isLeft(ready)) return tell({ _tag: 'problem', about: 'photograph', message: ready.left })
        looking = { since, before: device.counts().texts }
        const detected = await guarded(detectIn(run, ready.right))
        looking = undefined
        if (E.isLeft(detected)) {
          tell({ _tag: 'problem', about: 'photograph', message: `${name}: ${detected.left}` })
          // A device that failed may be lost for good. The run itself was good, so that it loads again.
          await seat(files)
          return
        }
        const { image, overlay, found, best } = detected.right
        tell({ _tag: 'photograph', name, image, overlay, found, best, classes: run.classes, seconds: (performance.now() - since) / 1000 }, [image, overlay.data.buffer])
      })
  }
}
