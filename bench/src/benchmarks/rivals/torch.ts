import { spawn, spawnSync } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { Contestant } from '../contestant.js'
import type { Workload } from '../workloads.js'

/** Where an interpreter with a module is looked for, in this order. */
const candidates = (): readonly string[] => [process.env['TABULA_PYTHON'], 'python3', '/usr/bin/python3'].filter((path) => path !== undefined)

/** The first Python that can import these modules. */
export const pythonWith = (...modules: readonly string[]): string | undefined =>
  candidates().find((python) => spawnSync(python, ['-c', `import ${modules.join(', ')}`], { stdio: 'ignore' }).status === 0)

/** Blocks are kept rather than returned to the system, which makes PyTorch several times faster where fresh pages are slow. */
const environment = { MALLOC_MMAP_MAX_: '0', MALLOC_TRIM_THRESHOLD_: '100000000000', MALLOC_TOP_PAD_: '268435456' }

const field = (answer: unknown, key: string): unknown => (typeof answer === 'object' && answer !== null ? Object.entries(answer).find(([name]) => name === key)?.[1] : undefined)

/** PyTorch in a process of its own, one request at a time; `undefined` where no Python has torch and torchvision. */
export const torch = async (): Promise<Contestant<Workload> | undefined> => {
  const python = pythonWith('torch', 'torchvision')
  if (python === undefined) return undefined
  const worker = spawn(python, [fileURLToPath(new URL('torch_worker.py', import.meta.url))], { stdio: ['pipe', 'pipe', 'inherit'], env: { ...process.env, ...environment } })
  const lines = createInterface({ input: worker.stdout })[Symbol.asyncIterator]()
  const answer = async (): Promise<unknown> => {
    const { value, done } = await lines.next()
    if (done === true) throw new Error('the PyTorch process ended')
    const parsed: unknown = JSON.parse(value)
    const error = field(parsed, 'error')
    if (error !== undefined) throw new Error(`PyTorch: ${String(error)}`)
    return parsed
  }
  const ask = (request: object): Promise<unknown> => {
    worker.stdin.write(`${JSON.stringify(request)}\n`)
    return answer()
  }
  const hello = await answer()
  return {
    name: `torch ${String(field(hello, 'version'))} (${String(field(hello, 'threads'))} threads)`,
    prepare: async (name, task) => {
      const digest = field(await ask({ prepare: name, task }), 'digest')
      return { digest: Array.isArray(digest) ? digest.map(Number) : [], run: async () => Number(field(await ask({ run: name }), 'ms')) }
    },
    close: () => worker.stdin.end()
  }
}
