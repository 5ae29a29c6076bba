import { appendFile, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { messageOf } from '@tabula/tensor'
import { atomicWrite } from '../trainer/index.js'
import type { ApTable } from '../evaluate/index.js'
import type { Seen } from '../trainer/index.js'
import type { Consumer } from './progress.js'

/** One line of `metrics.jsonl`. Times and rates are in `timings.jsonl`, so that equal runs have equal metrics. */
export type Metric =
  | { readonly type: 'step'; readonly step: number; readonly losses: Readonly<Record<string, number>>; readonly learningRate: number; readonly seen: Seen }
  | { readonly type: 'evaluation'; readonly step: number; readonly table: ApTable }

/** One line of `timings.jsonl`. */
export interface Timing {
  readonly step: number
  readonly milliseconds: number
  readonly dataMilliseconds: number
  readonly imagesPerSecond: number
}

/** The log of losses and scores of a run. */
export const metricsPath = (run: string): string => join(run, 'metrics.jsonl')
/** The log of times of a run. */
export const timingsPath = (run: string): string => join(run, 'timings.jsonl')

const isEntry = (x: unknown): x is { readonly step: number } => typeof x === 'object' && x !== null && 'step' in x && typeof x.step === 'number'

const entryOf = (line: string): { readonly step: number } | undefined => {
  try {
    const entry: unknown = JSON.parse(line)
    return isEntry(entry) ? entry : undefined
  } catch {
    return undefined
  }
}

const noSuchFile = (cause: unknown): boolean => cause instanceof Error && 'code' in cause && cause.code === 'ENOENT'

/** The lines of a log, in order; none where there is no file. A line cut off by a crash ends it. Rejects where another is damaged. */
const readLog = async <A extends { readonly step: number }>(path: string): Promise<readonly A[]> => {
  const text = await readFile(path, 'utf8').catch((cause: unknown) => {
    if (noSuchFile(cause)) return ''
    throw new Error(`${path}: expected the log of a run, found ${messageOf(cause)}. Restore the file, or move away what is in its place`)
  })
  const lines = text.split('\n').filter((line) => line !== '')
  const entries = lines.map(entryOf)
  const damaged = entries.findIndex((entry, index) => entry === undefined && index < lines.length - 1)
  if (damaged >= 0) throw new Error(`${path}: line ${damaged + 1}: expected what \`tabula train\` writes, found ${JSON.stringify(lines[damaged]?.slice(0, 40))}. Restore the file, or remove the line`)
  // Lines are what this module wrote.
  return entries.filter((entry) => entry !== undefined) as unknown as readonly A[]
}

/** The metrics of a run. Rejects where a line is damaged that is not the last. */
export const readMetrics = (run: string): Promise<readonly Metric[]> => readLog<Metric>(metricsPath(run))
/** The timings of a run. Rejects where a line is damaged that is not the last. */
export const readTimings = (run: string): Promise<readonly Timing[]> => readLog<Timing>(timingsPath(run))

const rewrite = (path: string, entries: readonly (Metric | Timing)[]): Promise<void> => atomicWrite(path, entries.map((entry) => `${JSON.stringify(entry)}\n`).join(''))

/** Drops what was logged after a step, which a run resumed there will log again. */
const rewind = async (run: string, step: number): Promise<void> => {
  const [logged, timings] = await Promise.all([readMetrics(run), readTimings(run)])
  await rewrite(metricsPath(run), logged.filter((entry) => entry.step <= step))
  await rewrite(timingsPath(run), timings.filter((entry) => entry.step <= step))
}

/** Logs each step's losses and each evaluation to `metrics.jsonl`, and times to `timings.jsonl`. */
export const metrics = (run: string): Consumer => {
  const log = (path: string, entry: Metric | Timing): Promise<void> => appendFile(path, `${JSON.stringify(entry)}\n`)
  let resumed = -1
  return async (event) => {
    if (event.type === 'started') {
      resumed = event.step
      await rewind(run, event.step)
    } else if (event.type === 'step') {
      const { step, losses, learningRate, seen, milliseconds, dataMilliseconds, imagesPerSecond } = event
      await log(metricsPath(run), { type: 'step', step, losses, learningRate, seen })
      await log(timingsPath(run), { step, milliseconds, dataMilliseconds, imagesPerSecond })
    } else if (event.type === 'evaluated') {
      const entry: Metric = { type: 'evaluation', step: event.step, table: event.table }
      // The step at which a run was resumed may have been evaluated before; a log has one evaluation of a step.
      if (event.step !== resumed) return log(metricsPath(run), entry)
      const others = (await readMetrics(run)).filter(({ type, step }) => type !== 'evaluation' || step !== event.step)
      await rewrite(metricsPath(run), [...others, entry])
    }
  }
}
