import { interleaved, usualEffort } from './contestant.js'
import type { Contestant, Effort, Prepared } from './contestant.js'

/** One measurement beside one rival. ratio = rivalMs / tabulaMs: above 1 Tabula is faster. Without a rival the last three are null. */
export interface Row {
  readonly name: string
  readonly tabulaMs: number
  readonly rival: string | null
  readonly rivalMs: number | null
  readonly ratio: number | null
  /** Largest resident memory of each side's process so far, in megabytes, where it is measured. */
  readonly tabulaPeakMegabytes?: number
  readonly rivalPeakMegabytes?: number
}

/** Somebody beside whom a row was measured. */
export interface Beside {
  readonly rival: string
  readonly prepared: Prepared
}

/** Two digests agree to single precision. */
export const agree = (a: readonly number[], b: readonly number[], tolerance = 1e-3): boolean =>
  a.length >= b.length && b.every((y, index) => Math.abs((a[index] ?? NaN) - y) <= tolerance * Math.max(1, Math.abs(y)))

/** Measures in turns: a row for each rival, or one without. */
export const rowsOf = async (name: string, mine: Prepared, others: readonly Beside[], effort: Effort = usualEffort): Promise<readonly Row[]> => {
  const [tabulaMs = NaN, ...times] = await interleaved([mine, ...others.map(({ prepared }) => prepared)], effort)
  if (others.length === 0) return [{ name, tabulaMs, rival: null, rivalMs: null, ratio: null }]
  return others.map(({ rival }, index): Row => {
    const rivalMs = times[index] ?? NaN
    return { name, tabulaMs, rival, rivalMs, ratio: rivalMs / tabulaMs }
  })
}

/** Prepares a task on both sides, holds the results against each other, and measures. Rejects where they differ. */
export const measure = async <Task>(name: string, task: Task, own: Contestant<Task>, rivals: readonly Contestant<Task>[]): Promise<readonly Row[]> => {
  const mine = await own.prepare(name, task)
  if (mine === undefined) throw new Error(`Tabula lacks ${name}`)
  const others: Beside[] = []
  for (const rival of rivals) {
    const prepared = await rival.prepare(name, task)
    if (prepared === undefined) continue
    if (!agree(mine.digest, prepared.digest)) {
      throw new Error(`${rival.name} computes something else: ${prepared.digest.join(', ')}, Tabula ${mine.digest.join(', ')}`)
    }
    others.push({ rival: rival.name, prepared })
  }
  return rowsOf(name, mine, others)
}

const cell = (x: number | null, digits: number): string => (x === null ? '-' : x.toFixed(digits)).padStart(11)

/** The table's first line. */
export const heading = `${'row'.padEnd(36)}${'tabula ms'.padStart(11)}${'rival ms'.padStart(11)}${'ratio'.padStart(11)}  rival`

/** A row as a line of the table. */
export const line = ({ name, tabulaMs, rival, rivalMs, ratio, tabulaPeakMegabytes, rivalPeakMegabytes }: Row): string => {
  const peaks = tabulaPeakMegabytes === undefined ? '' : `  peak memory ${tabulaPeakMegabytes.toFixed(0)} MB, rival ${rivalPeakMegabytes?.toFixed(0) ?? '-'} MB`
  return `${name.padEnd(36)}${cell(tabulaMs, 2)}${cell(rivalMs, 2)}${cell(ratio, 2)}  ${rival ?? 'rival absent'}${peaks}`
}
