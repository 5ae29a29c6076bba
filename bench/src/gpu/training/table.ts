import type { Held, TrainingRow } from './in-mode.js'

const line = (cells: readonly string[], widths: readonly number[]): string => cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' ').trimEnd()

/** Rows of what was found about training in one mode. */
export const trainingTable = (rows: readonly TrainingRow[]): string => rows.map(({ what, outcome, note }) => line([what, outcome === 'agreed' ? outcome : outcome.toUpperCase(), note], [42, 8])).join('\n')

const megabytes = (bytes: number | undefined): string => (bytes === undefined ? '-' : (bytes / 2 ** 20).toFixed(1))

/** What was held after some of the steps: values and bytes of the engine, and memory of the processes. */
export const heldTable = (held: readonly Held[]): string =>
  [
    line(['after step', 'values', 'their MB', 'memory MB'], [12, 8, 10]),
    ...held.map(({ step, live, liveBytes, memory }) => line([String(step), String(live), megabytes(liveBytes), megabytes(memory)], [12, 8, 10]))
  ].join('\n')
