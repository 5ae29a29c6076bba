import { appendFile, readFile } from 'node:fs/promises'
import { join } from 'node:path'
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

/** The lines of a log that can be read, in order; a line cut off by a crash ends it. */
const readLog = async <A extends { readonly step: number }>(path: string): Promise<readonly A[]> => {
  const text = await readFile(path, 'utf8').catch(() => '')
  const entries: A[] = []
  for (const line of text.split('\n')) {
    if (line === '') continue
    try {
      // Lines are what this module wrote.
      entries.push(JSON.parse(line) as A)
    } catch {
      return entries
    }
  }
  return entries
}

/** The metrics of a run. */
export const readMetrics = (run: string): Promise<readonly Metric[]> => readLog<Metric>(metricsPath(run))
/** The timings of a run. */
export const readTimings = (run: string): Promise<readonly Timing[]> => readLog<Timing>(timingsPath(run))

/** Drops what was logged after a step, which a run resumed there will log again. */
const rewind = async (path: string, step: number): Promise<void> => {
  const entries = await readLog<{ readonly step: number }>(path)
  const good = entries.filter((entry) => entry.step <= step)
  await atomicWrite(path, good.map((entry) => `${JSON.stringify(entry)}\n`).join(''))
}

/** Logs each step's losses and each evaluation to `metrics.jsonl`, and times to `timings.jsonl`. */
export const metrics = (run: string): Consumer => {
  const log = (path: string, entry: Metric | Timing): Promise<void> => appendFile(path, `${JSON.stringify(entry)}\n`)
  return async (event) => {
    if (event.type === 'started') await Promise.all([rewind(metricsPath(run), event.step), rewind(timingsPath(run), event.step)])
    else if (event.type === 'step') {
      const { step, losses, learningRate, seen, milliseconds, dataMilliseconds, imagesPerSecond } = event
      await log(metricsPath(run), { type: 'step', step, losses, learningRate, seen })
      await log(timingsPath(run), { step, milliseconds, dataMilliseconds, imagesPerSecond })
    } else if (event.type === 'evaluated') await log(metricsPath(run), { type: 'evaluation', step: event.step, table: event.table })
  }
}
