import { spawn, spawnSync } from 'node:child_process'
import { createInterface } from 'node:readline'

/** Where an interpreter with a module is looked for, in this order. */
export const candidates = (environment: NodeJS.ProcessEnv = process.env): readonly string[] =>
  [environment['TABULA_PYTHON'], 'python3', '/usr/bin/python3'].filter((path) => path !== undefined && path !== '').map(String)

/** The first Python that can import these modules. */
export const pythonWith = (modules: readonly string[], paths: readonly string[] = candidates()): string | undefined =>
  paths.find((python) => spawnSync(python, ['-c', `import ${modules.join(', ')}`], { stdio: 'ignore' }).status === 0)

/** The fastest known setting of PyTorch on a CPU: blocks are kept rather than given back, and OpenBLAS chooses for itself. */
export const pythonEnvironment = (environment: NodeJS.ProcessEnv = process.env): NodeJS.ProcessEnv => {
  const { OPENBLAS_CORETYPE: _core, OPENBLAS_L2_SIZE: _cache, ...rest } = environment
  return { ...rest, MALLOC_MMAP_MAX_: '0', MALLOC_TRIM_THRESHOLD_: '100000000000', MALLOC_TOP_PAD_: '268435456' }
}

/** An answer's field. */
export const field = (answer: unknown, key: string): unknown =>
  typeof answer === 'object' && answer !== null ? Object.entries(answer).find(([name]) => name === key)?.[1] : undefined

/** A process that answers requests, a line of JSON each, one at a time. */
export interface Worker {
  /** The next line without a request. Rejects where the process ended or answered `{ "error": … }`. */
  readonly hear: () => Promise<unknown>
  readonly ask: (request: object) => Promise<unknown>
  readonly close: () => void
}

/** Starts a process whose standard error is shown. `who` begins its errors. */
export const startWorker = (who: string, command: string, args: readonly string[], environment: NodeJS.ProcessEnv = process.env): Worker => {
  const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'inherit'], env: environment })
  // A process that ended is told by `hear`; writing to it is no second error.
  child.stdin.on('error', () => undefined)
  child.on('error', () => undefined)
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  const hear = async (): Promise<unknown> => {
    const { value, done } = await lines.next()
    if (done === true) throw new Error(`${who}: the process ended`)
    const parsed: unknown = JSON.parse(value)
    const error = field(parsed, 'error')
    if (error !== undefined) throw new Error(`${who}: ${String(error)}`)
    return parsed
  }
  return {
    hear,
    ask: (request) => {
      child.stdin.write(`${JSON.stringify(request)}\n`)
      return hear()
    },
    close: () => child.stdin.end()
  }
}
