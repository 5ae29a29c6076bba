import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { Channel, Place } from './place.js'
import type { Finding } from './task.js'

const child = fileURLToPath(new URL('child.ts', import.meta.url))

/** Starts the child through `wrapper`, hears its lines, and tells how it ended. */
const startChild = (wrapper: readonly string[], own: readonly string[], hear: (line: string) => void, end: (failure: Error | undefined) => void) => {
  const [command = process.execPath, ...args] = [...wrapper, process.execPath, ...process.execArgv, child, ...own]
  // A group of its own, so that a display server and what runs on it end together.
  const started = spawn(command, args, { stdio: ['pipe', 'pipe', 'pipe'], detached: true })
  let complaint = ''
  let killed: Error | undefined
  createInterface({ input: started.stdout }).on('line', hear)
  started.stderr.on('data', (text) => void (complaint = `${complaint}${String(text)}`.slice(-2000)))
  // A child that has ended takes no more; its end is told apart from this.
  started.stdin.on('error', () => undefined)
  started.once('error', end)
  started.once('close', (status) => end(killed ?? (status === 0 ? undefined : new Error(`the process ended with ${status ?? 'a signal'}: ${complaint.trim()}`))))
  return {
    write: (line: string): void => void started.stdin.write(`${line}\n`),
    close: (): void => void started.stdin.end(),
    kill: (reason: Error): void => {
      killed = reason
      if (started.pid !== undefined && started.exitCode === null) process.kill(-started.pid, 'SIGKILL')
    }
  }
}

const late = (milliseconds: number): Error => new Error(`not done within ${milliseconds / 1000} s`)

/** A child that answers line after line, in order. */
const channelTo = (wrapper: readonly string[], milliseconds: number): Channel => {
  const waiting: { readonly resolve: (line: string) => void; readonly reject: (failure: Error) => void; readonly timer: NodeJS.Timeout }[] = []
  let ended: Error | undefined
  let hearEnd = (): void => undefined
  const end = new Promise<void>((resolve) => (hearEnd = resolve))
  const process = startChild(
    wrapper,
    [],
    (line) => {
      const next = waiting.shift()
      clearTimeout(next?.timer)
      next?.resolve(line)
    },
    (failure) => {
      ended = failure ?? new Error('the process has ended')
      for (const { reject, timer } of waiting.splice(0)) {
        clearTimeout(timer)
        reject(ended)
      }
      hearEnd()
    }
  )
  const ask = (line: string): Promise<string> =>
    new Promise((resolve, reject) => {
      if (ended !== undefined) return reject(ended)
      waiting.push({ resolve, reject, timer: setTimeout(() => process.kill(late(milliseconds)), milliseconds) })
      process.write(line)
    })
  return {
    ask,
    memory: async () => Number(await ask('memory')),
    close: () => {
      process.close()
      return end
    }
  }
}

/** Processes of Node, started through `wrapper` (a command and its arguments, such as that of a virtual display) where one is given. */
export const nodePlace = (wrapper: readonly string[] = []): Place => ({
  work: (task, tell, milliseconds) =>
    new Promise((resolve, reject) => {
      const process = startChild(
        wrapper,
        [JSON.stringify(task)],
        // Only the child writes here, and only findings.
        (line) => tell(JSON.parse(line) as Finding),
        (failure) => {
          clearTimeout(timer)
          if (failure === undefined) resolve()
          else reject(failure)
        }
      )
      process.close()
      const timer = setTimeout(() => process.kill(late(milliseconds)), milliseconds)
    }),
  connect: async (milliseconds) => channelTo(wrapper, milliseconds),
  close: async () => undefined
})
