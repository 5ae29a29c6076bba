import type { Kind, Mutant } from './mutant.js'
import { kinds } from './mutant.js'
import type { Outcome } from './pool.js'

/** A mutant and how it ended. */
export interface Tried {
  readonly mutant: Mutant
  readonly outcome: Outcome
}

/** One rule of one kind, or code that several of a kind share. */
export interface Row {
  readonly kind: Kind
  readonly name: string
  readonly made: number
  readonly killed: number
  /** Of those killed, how many ran for too long. */
  readonly timeouts: number
  readonly survived: number
  readonly equivalent: number
  /** Why fewer than three were made. */
  readonly reason: string | undefined
}

const columns = ['made', 'killed', 'survived', 'equivalent'] as const

/** A line for each row, kind by kind, and one for all of a kind. */
export const tableOf = (rows: readonly Row[]): string => {
  const width = Math.max(8, ...rows.map(({ name }) => name.length))
  const numbers = (row: Pick<Row, (typeof columns)[number]>): string => columns.map((column) => String(row[column]).padStart(column.length + 2)).join('')
  const total = (some: readonly Row[]) => Object.fromEntries(columns.map((column) => [column, some.reduce((sum, row) => sum + row[column], 0)])) as Record<(typeof columns)[number], number>
  return kinds
    .flatMap((kind) => {
      const some = rows.filter((row) => row.kind === kind)
      if (some.length === 0) return []
      return [
        `${kind.padEnd(width)}${columns.map((column) => column.padStart(column.length + 2)).join('')}`,
        ...some.map((row) => `${row.name.padEnd(width)}${numbers(row)}${row.timeouts > 0 ? `  ${row.timeouts} by their time` : ''}${row.reason === undefined ? '' : `  ${row.reason}`}`),
        `${'all'.padEnd(width)}${numbers(total(some))}`,
        ''
      ]
    })
    .join('\n')
}

/** A survivor, with all that is needed to try it again. */
export const survivorText = ({ id, file, line, original, mutated, kind, rules }: Mutant, seed: number): string =>
  [`SURVIVED ${id}`, `  packages/autodiff/src/${file}:${line}`, `  - ${original}`, `  + ${mutated}`, `  again: npm run mutants -- --kind ${kind} --rule ${rules.slice(0, 3).join(',')} --seed ${seed}`].join('\n')
