/**
 * A process of its own for one mode of gpu.js. With a task as its argument it does that and tells findings as lines of JSON; without, it
 * answers lines of its input, each a request to its device or `memory`.
 */
import { createInterface } from 'node:readline'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { perform } from './perform.js'
import { answering } from './remote/answer.js'
import type { Task } from './task.js'

const say = (line: string): Promise<void> => new Promise((resolve) => process.stdout.write(`${line}\n`, () => resolve()))

/** Bytes of this process after a garbage collection. */
const memory = async (): Promise<number> => {
  setFlagsFromString('--expose-gc')
  // The flag adds `gc` to contexts made after it.
  const collect = runInNewContext('gc') as () => void
  for (let round = 0; round < 3; round++) {
    collect()
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
  return process.memoryUsage.rss()
}

const [task] = process.argv.slice(2)
if (task === undefined) {
  const answer = answering()
  for await (const line of createInterface({ input: process.stdin })) await say(line === 'memory' ? String(await memory()) : await answer(line))
} else {
  // The parent is the only caller, and writes a task.
  await perform(JSON.parse(task) as Task, (finding) => say(JSON.stringify(finding)))
}
// Contexts of gl and threads of WebAssembly keep a process alive.
process.exit(0)
