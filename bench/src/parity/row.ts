/** One compared case. `error` and `tolerance` are absolute, of the output or gradient that is nearest to (or farthest past) its tolerance. */
import { messageOf } from '@tabula/tensor'
export interface Row {
  /** The folder the case comes from: torch, maskrcnn, coco, images. */
  readonly set: string
  readonly name: string
  /** `skipped`: an operation that need not exist yet; `unavailable`: the case rests on a file that is not here. */
  readonly status: 'passed' | 'failed' | 'skipped' | 'unavailable'
  readonly error?: number
  readonly tolerance?: number
  /** Which value was worst, or why the case failed, was skipped, or is unavailable. */
  readonly note?: string
}

/** How many rows there are of each kind; unavailable cases count as skipped. */
export interface Totals {
  readonly passed: number
  readonly failed: number
  readonly skipped: number
}

export const totalsOf = (rows: readonly Row[]): Totals => {
  const count = (...kinds: readonly Row['status'][]): number => rows.filter(({ status }) => kinds.includes(status)).length
  return { passed: count('passed'), failed: count('failed'), skipped: count('skipped', 'unavailable') }
}

/** A row for a case that could not be compared at all. */
export const failedRow = (set: string, name: string, note: string): Row => ({ set, name, status: 'failed', note })

/** The rows of a set or a part of one; where they end with an error, such as a file that is missing or broken, the last is a failure that says so. */
export async function* guardedRows(set: string, rows: AsyncIterable<Row>): AsyncGenerator<Row> {
  try {
    yield* rows
  } catch (thrown) {
    yield failedRow(set, 'files', messageOf(thrown))
  }
}
