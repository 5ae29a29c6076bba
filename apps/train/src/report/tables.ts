import { cocoNumbers } from './data.js'
import { escapeHtml } from './escape.js'
import type { Chart } from './charts.js'
import type { Evaluation } from './data.js'

/** A cell with a number: rounded for the eye, in full precision in `value`. −1 and absent numbers are a dash. */
export const numberCell = (value: number | undefined): string =>
  value === undefined || !Number.isFinite(value) || value < 0
    ? '<td><span aria-label="not measured">–</span></td>'
    : `<td><data value="${value}">${value.toFixed(3)}</data></td>`

/** COCO's twelve numbers of one evaluation, boxes and masks side by side. */
export const cocoTable = (evaluation: Evaluation): string => {
  const rows = cocoNumbers.map(
    ({ name, meaning }, index) =>
      `<tr><th scope="row">${name} <small>${meaning}</small></th>${numberCell(evaluation.bbox?.[index])}${numberCell(evaluation.segm?.[index])}</tr>`
  )
  return table(`COCO's twelve numbers at step ${evaluation.step}`, ['Number', 'Boxes', 'Masks'], rows)
}

/** AP of each category. */
export const categoryTable = ({ perCategory, step }: Evaluation): string =>
  table(
    `AP of each category at step ${step}`,
    ['Category', 'Boxes', 'Masks'],
    perCategory.map(
      ({ name, bbox, segm }) => `<tr><th scope="row">${escapeHtml(name)}</th>${numberCell(bbox)}${numberCell(segm)}</tr>`
    )
  )

/** The values of a chart, thinned to about twenty rows, for those who cannot see it. */
export const chartTable = ({ title, steps, series }: Chart): string => {
  const every = Math.ceil(steps.length / 20)
  const shown = steps
    .map((step, index) => ({ step, index }))
    .filter(({ index }) => index % every === 0 || index === steps.length - 1)
  const cell = (value: number | null | undefined): string =>
    `<td>${value === null || value === undefined ? '–' : Number(value.toPrecision(4))}</td>`
  return table(
    `${title}: values`,
    ['Step', ...series.map(({ label }) => label)],
    shown.map(
      ({ step, index }) => `<tr><th scope="row">${step}</th>${series.map(({ values }) => cell(values[index])).join('')}</tr>`
    )
  )
}

/** The leaves of a configuration, each with its path. */
export const configTable = (config: unknown): string =>
  table(
    'Every setting of the run',
    ['Setting', 'Value'],
    leavesOf(config, '').map(
      ([path, value]) =>
        `<tr><th scope="row"><code>${escapeHtml(path)}</code></th><td><code>${escapeHtml(value)}</code></td></tr>`
    )
  )

const leavesOf = (value: unknown, path: string): readonly (readonly [string, string])[] => {
  const flat =
    value === null || typeof value !== 'object' || (Array.isArray(value) && value.every((item) => typeof item !== 'object'))
  if (flat) return [[path === '' ? 'configuration' : path, JSON.stringify(value) ?? 'undefined']]
  return Object.entries(value).flatMap(([key, item]) => leavesOf(item, path === '' ? key : `${path}.${key}`))
}

const table = (caption: string, head: readonly string[], rows: readonly string[]): string =>
  // Focusable, so that a table wider than the screen can be scrolled with the keys.
  `<div class="scroll" tabindex="0" role="region" aria-label="${escapeHtml(caption)}"><table><caption>${escapeHtml(caption)}</caption><thead><tr>` +
  `${head.map((name) => `<th scope="col">${escapeHtml(name)}</th>`).join('')}</tr></thead><tbody>${rows.join('')}</tbody></table></div>`
