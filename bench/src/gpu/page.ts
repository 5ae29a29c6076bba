/** The page that checks run in. The driver calls `work` and gives it what takes the findings, or asks `answer`. */
import { perform } from './perform.js'
import { answering } from './remote/answer.js'
import type { Finding, Task } from './task.js'

declare global {
  /** Takes a task of the driver. */
  var work: (task: Task) => Promise<void>
  /** The driver's ear, put here by it. */
  var tell: (finding: Finding) => Promise<void>
  /** Answers a request to the page's device. */
  var answer: (text: string) => Promise<string>
}

globalThis.work = (task) => perform(task, (finding) => globalThis.tell(finding))
globalThis.answer = answering()
