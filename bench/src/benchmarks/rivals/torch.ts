import { fileURLToPath } from 'node:url'
import type { Contestant } from '../contestant.js'
import type { Workload } from '../workloads.js'
import { field, pythonEnvironment, pythonWith, startWorker } from './worker.js'

/** PyTorch in a process of its own; `undefined` where no Python has torch and torchvision. */
export const torch = async (): Promise<Contestant<Workload> | undefined> => {
  const python = pythonWith(['torch', 'torchvision'])
  if (python === undefined) return undefined
  const worker = startWorker('PyTorch', python, [fileURLToPath(new URL('torch_worker.py', import.meta.url))], pythonEnvironment())
  const hello = await worker.hear()
  return {
    name: `torch ${String(field(hello, 'version'))} (${String(field(hello, 'threads'))} threads)`,
    prepare: async (name, task) => {
      const digest = field(await worker.ask({ prepare: name, task }), 'digest')
      return { digest: Array.isArray(digest) ? digest.map(Number) : [], run: async () => Number(field(await worker.ask({ run: name }), 'ms')) }
    },
    close: worker.close
  }
}
