import type { Finding, Task } from './task.js'

/** Where gpu.js runs in some mode: each task gets a process or a page of its own. */
export interface Place {
  /** Does the task and tells the findings. Rejects where the process or page ends early, or is not done in time. */
  readonly work: (task: Task, tell: (finding: Finding) => void, milliseconds: number) => Promise<void>
  readonly close: () => Promise<void>
}

/** A place, or why there is none and what would bring it. */
export type Found = { readonly place: Place } | { readonly reason: string; readonly remedy: string }
