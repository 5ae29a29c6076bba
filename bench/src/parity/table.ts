import type { Row } from './row.js'

const number = (x: number | undefined): string => (x === undefined ? '-' : x === 0 ? '0' : Number.isFinite(x) ? x.toExponential(1) : 'infinite')

const pads = [58, 10, 10, 12] as const

const line = (cells: readonly string[]): string => cells.map((cell, column) => cell.padEnd(pads[column] ?? 0)).join(' ').trimEnd()

/** The head of the table. */
export const tableHead = (): string => line(['case', 'error', 'tolerance', 'result', 'worst value, or reason'])

/** One line of the table. */
export const tableLine = ({ set, name, status, error, tolerance, note }: Row): string =>
  line([`${set}/${name}`, number(error), number(tolerance), status === 'passed' ? 'pass' : status === 'failed' ? 'FAIL' : status, (note ?? '').split('\n')[0] ?? ''])
