import { fork } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { Case, Effort } from './judge.js'
import type { Answer, Question } from './worker.js'

/** How a case ended: the kit found something, or nothing, or it ran for too long, or the process died of it. */
export type Outcome = { readonly end: 'found'; readonly what: string } | { readonly end: 'nothing' } | { readonly end: 'timeout' } | { readonly end: 'crash'; readonly what: string }

/** How the cases are run. */
export interface PoolOptions extends Effort {
  readonly workers: number
  /** Milliseconds that one case may take. */
  readonly limit: number
  /** packages/autodiff/src. */
  readonly sources: string
}

const script = fileURLToPath(new URL('./worker.ts', import.meta.url))

/** Heap of a worker in megabytes; a mutant that builds programs without end fails rather than fill the machine. */
const heap = 2048

const started = (sources: string): Promise<ChildProcess> =>
  new Promise((resolve, reject) => {
    const child = fork(script, [sources], { execArgv: ['--conditions=@tabula/source', '--import', 'tsx', `--max-old-space-size=${heap}`], stdio: ['ignore', 'ignore', 'pipe', 'ipc'] })
    const errors: string[] = []
    child.stderr?.on('data', (chunk: Buffer) => errors.push(chunk.toString()))
    child.once('exit', (code) => reject(new Error(`a worker ended with ${code} before it was ready:\n${errors.join('')}`)))
    child.once('message', () => {
      child.removeAllListeners('exit')
      resolve(child)
    })
  })

const asked = (child: ChildProcess, question: Question, limit: number): Promise<Outcome> =>
  new Promise((resolve) => {
    const end = (outcome: Outcome): void => {
      clearTimeout(timer)
      child.removeAllListeners('message')
      child.removeAllListeners('exit')
      resolve(outcome)
    }
    const timer = setTimeout(() => {
      child.kill('SIGKILL')
      end({ end: 'timeout' })
    }, limit)
    child.once('message', ({ verdict }: Answer) => end(verdict?.found === undefined ? { end: 'nothing' } : { end: 'found', what: verdict.found }))
    child.once('exit', (code, signal) => end({ end: 'crash', what: `the process ended with ${signal ?? code}` }))
    child.send(question)
  })

/** Runs the cases on several processes and tells each outcome as it comes. Rejects where no process starts. */
export const runAll = async (cases: readonly Case[], { workers, limit, sources, runs, seed }: PoolOptions, told: (index: number, outcome: Outcome) => void): Promise<void> => {
  let next = 0
  const work = async (): Promise<void> => {
    let child: ChildProcess | undefined
    for (let index = next++; index < cases.length; index = next++) {
      const tried = cases[index]
      if (tried === undefined) continue
      child ??= await started(sources)
      const outcome = await asked(child, { id: index, tried, runs, seed }, limit)
      if (outcome.end === 'timeout' || outcome.end === 'crash') child = undefined
      told(index, outcome)
    }
    child?.disconnect()
  }
  await Promise.all(Array.from({ length: Math.min(workers, cases.length) }, work))
}
