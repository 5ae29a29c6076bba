import { messageOf } from '@tabula/tensor'
import { interleaved } from '../benchmarks/contestant.js'
import type { Effort } from '../benchmarks/contestant.js'
import { distance } from './contestant.js'
import type { GpuContestant, GpuPrepared } from './contestant.js'
import type { Task } from './tasks.js'

/** One measurement beside one rival. ratio = rivalMs / tabulaMs: above 1 Tabula is faster. Without a rival its fields are null. */
export interface GpuRow {
  readonly mode: string
  readonly name: string
  readonly tabulaMs: number
  readonly rival: string | null
  readonly rivalMs: number | null
  readonly ratio: number | null
  /** Kernels that Tabula compiled for this row. */
  readonly kernels: number | null
  /** Seconds of the first run beyond those of a later one: tracing, generating and compiling. */
  readonly compileSeconds: number
  readonly rivalCompileSeconds: number | null
  /** The largest difference of the results, as a fraction of the largest magnitude. */
  readonly difference: number | null
}

/** What came of one row: measurements, and why some are missing. */
export interface Outcome {
  readonly rows: readonly GpuRow[]
  readonly notes: readonly string[]
}

/** How far results may differ. */
export const tolerance = 1e-3

/** How long contestants are measured together. */
export const effort: Effort = { warmUps: 2, least: 5, most: 25, milliseconds: 4000 }

/** Three rounds after one. */
export const quickEffort: Effort = { warmUps: 1, least: 3, most: 3, milliseconds: 0 }

const firstLineOf = (thrown: unknown): string => messageOf(thrown).split('\n')[0] ?? ''

/** The largest difference of two contestants' results; NaN where they cannot be compared. */
export const differenceOf = (a: GpuPrepared, b: GpuPrepared): number => {
  if (a.results.length !== b.results.length) return NaN
  const each = a.results.map((result, k) => distance(result, b.results[k] ?? []))
  return each.some(Number.isNaN) ? NaN : Math.max(0, ...each)
}

const compileSeconds = (firstMs: number, ms: number): number => Math.max(0, firstMs - ms) / 1000

/**
 * Prepares a task with every contestant, holds the results against each other and measures in turns. A rival that lacks the task, fails
 * or computes something else is left out with a note; Tabula's own failure rejects.
 */
export const measureTask = async (mode: string, name: string, task: Task, own: GpuContestant, rivals: readonly GpuContestant[], how: Effort): Promise<Outcome> => {
  const mine = await own.prepare(name, task)
  if (mine === undefined) throw new Error(`Tabula lacks ${name}`)
  const notes: string[] = []
  const others: { readonly rival: string; readonly prepared: GpuPrepared; readonly difference: number }[] = []
  for (const rival of rivals) {
    try {
      const prepared = await rival.prepare(name, task)
      if (prepared === undefined) continue
      const difference = differenceOf(mine, prepared)
      if (difference <= tolerance) others.push({ rival: rival.name, prepared, difference })
      else notes.push(`${name}: ${rival.name} computes something else: the difference is ${difference.toPrecision(2)}`)
    } catch (thrown) {
      notes.push(`${name}: ${rival.name} fails: ${firstLineOf(thrown)}`)
    }
  }
  const [tabulaMs = NaN, ...times] = await interleaved([mine, ...others.map(({ prepared }) => prepared)], how)
  const common = { mode, name, tabulaMs, kernels: mine.kernels ?? null, compileSeconds: compileSeconds(mine.firstMs, tabulaMs) }
  if (others.length === 0) {
    return { rows: [{ ...common, rival: null, rivalMs: null, ratio: null, rivalCompileSeconds: null, difference: null }], notes }
  }
  const rows = others.map(({ rival, prepared, difference }, k): GpuRow => {
    const rivalMs = times[k] ?? NaN
    return { ...common, rival, rivalMs, ratio: rivalMs / tabulaMs, rivalCompileSeconds: compileSeconds(prepared.firstMs, rivalMs), difference }
  })
  return { rows, notes }
}

const cell = (x: number | null, digits: number, width = 10): string => (x === null ? '-' : x.toFixed(digits)).padStart(width)

/** The table's first line. */
export const heading = `${'row'.padEnd(26)}${'tabula ms'.padStart(10)}${'rival ms'.padStart(10)}${'ratio'.padStart(8)}${'kernels'.padStart(9)}${'compile s'.padStart(11)}${'rival s'.padStart(9)}${'differ'.padStart(9)}  rival`

/** A row as a line of the table. */
export const line = (row: GpuRow): string =>
  [
    row.name.padEnd(26),
    cell(row.tabulaMs, 2),
    cell(row.rivalMs, 2),
    cell(row.ratio, 2, 8),
    cell(row.kernels, 0, 9),
    cell(row.compileSeconds, 2, 11),
    cell(row.rivalCompileSeconds, 2, 9),
    (row.difference === null ? '-' : row.difference.toExponential(0)).padStart(9),
    `  ${row.rival ?? 'no rival'}`
  ].join('')
