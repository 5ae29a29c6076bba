/** A process of its own for one mode of gpu.js: takes a task as its argument, tells findings as lines of JSON. */
import { perform } from './perform.js'
import type { Task } from './task.js'

// The parent is the only caller, and writes a task.
const task = JSON.parse(process.argv[2] ?? '') as Task
await perform(task, (finding) => new Promise((resolve) => process.stdout.write(`${JSON.stringify(finding)}\n`, () => resolve())))
// Contexts of gl and threads of WebAssembly keep a process alive.
process.exit(0)
