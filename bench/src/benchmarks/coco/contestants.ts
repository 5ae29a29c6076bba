import { fileURLToPath } from 'node:url'
import { either as E } from 'fp-ts'
import { evaluate, formatCocoError } from '@tabula/coco'
import type { Contestant } from '../contestant.js'
import { field, pythonWith, startWorker } from '../rivals/worker.js'
import type { CocoTask } from './scenes.js'

/** Tabula's evaluation of decoded annotations and results; digest: the 12 numbers. */
export const tabulaCoco: Contestant<CocoTask> = {
  name: 'tabula',
  prepare: async (_name, task) => {
    const once = (): readonly number[] => {
      const outcome = evaluate(task)
      if (E.isLeft(outcome)) throw new Error(formatCocoError(outcome.left))
      return outcome.right.stats
    }
    return {
      digest: once(),
      run: async () => {
        const started = performance.now()
        once()
        return performance.now() - started
      }
    }
  },
  close: () => undefined
}

/** pycocotools on the same files; `undefined` where no Python has it. */
export const pycocotools = async (): Promise<Contestant<CocoTask> | undefined> => {
  const python = pythonWith(['pycocotools.cocoeval'])
  if (python === undefined) return undefined
  const worker = startWorker('pycocotools', python, [fileURLToPath(new URL('../rivals/coco_worker.py', import.meta.url))])
  const hello = await worker.hear()
  return {
    name: `pycocotools ${String(field(hello, 'version'))}`,
    prepare: async (name, task) => {
      const digest = field(await worker.ask({ prepare: name, task }), 'digest')
      return { digest: Array.isArray(digest) ? digest.map(Number) : [], run: async () => Number(field(await worker.ask({ run: name }), 'ms')) }
    },
    close: worker.close
  }
}
