import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { Place } from './place.js'
import type { Finding } from './task.js'

const child = fileURLToPath(new URL('child.ts', import.meta.url))

/** Processes of Node, started through `wrapper` (a command and its arguments, such as that of a virtual display) where one is given. */
export const nodePlace = (wrapper: readonly string[] = []): Place => ({
  work: (task, tell, milliseconds) =>
    new Promise((resolve, reject) => {
      const [command = process.execPath, ...args] = [...wrapper, process.execPath, ...process.execArgv, child, JSON.stringify(task)]
      // A group of its own, so that a display server and what runs on it end together.
      const started = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], detached: true })
      let complaint = ''
      let late = false
      const timer = setTimeout(() => {
        late = true
        if (started.pid !== undefined) process.kill(-started.pid, 'SIGKILL')
      }, milliseconds)
      // Only the child writes here, and only findings.
      createInterface({ input: started.stdout }).on('line', (line) => tell(JSON.parse(line) as Finding))
      started.stderr.on('data', (text) => void (complaint = `${complaint}${String(text)}`.slice(-2000)))
      started.once('error', reject)
      started.once('close', (status) => {
        clearTimeout(timer)
        if (late) reject(new Error(`not done within ${milliseconds / 1000} s`))
        else if (status === 0) resolve()
        else reject(new Error(`the process ended with ${status ?? 'a signal'}: ${complaint.trim()}`))
      })
    }),
  close: async () => undefined
})
