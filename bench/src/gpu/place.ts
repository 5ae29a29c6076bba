import type { Finding, Task } from './task.js'

/** A page or process that keeps a device and answers requests in the texts of `remote/`. */
export interface Channel {
  /** Rejects where the page or process ends, or does not answer in time. */
  readonly ask: (text: string) => Promise<string>
  /** Bytes of memory that the processes under it occupy, after a garbage collection; `undefined` where the system does not tell. */
  readonly memory: () => Promise<number | undefined>
  readonly close: () => Promise<void>
}

/** Where gpu.js runs in some mode: each task gets a process or a page of its own. */
export interface Place {
  /** Does the task and tells the findings. Rejects where the process or page ends early, or is not done in time. */
  readonly work: (task: Task, tell: (finding: Finding) => void, milliseconds: number) => Promise<void>
  /** Opens a page or process that answers requests, each within so many milliseconds. */
  readonly connect: (milliseconds: number) => Promise<Channel>
  readonly close: () => Promise<void>
}

/** A place, or why there is none and what would bring it. */
export type Found = { readonly place: Place } | { readonly reason: string; readonly remedy: string }
