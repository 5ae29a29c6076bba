import { categoryTable, chartTable, cocoTable, configTable } from './tables.js'
import { escapeHtml, escapeJson } from './escape.js'
import { exampleGrid } from './examples.js'
import { precisionCharts, trainingCharts } from './charts.js'
import type { Chart } from './charts.js'
import type { ReportAssets } from './assets.js'
import type { Evaluation, ReportData } from './data.js'

/**
 * The report as one HTML page that needs nothing else: styles, script, data and pictures are inside, and its content
 * security policy forbids every request. Everything that comes from the data is escaped. Under 3 MB.
 */
export const renderReport = (assets: ReportAssets, data: ReportData): string => {
  const charts = [...precisionCharts(data.evaluations), ...trainingCharts(data.events)]
  const last = data.evaluations[data.evaluations.length - 1]
  const sections = [
    section('results', 'Results', results(last)),
    section('curves', 'Curves', curves(charts)),
    section(
      'examples',
      'Predictions beside ground truth',
      data.examples.length === 0 ? '<p>No examples were drawn.</p>' : exampleGrid(data.examples)
    ),
    section('run', 'The run', run(data))
  ]
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'unsafe-inline'">
<title>${escapeHtml(data.title)}</title>
<style>${assets.style}</style>
</head>
<body>
<a class="skip" href="#main">Skip to the results</a>
<header>
<h1>${escapeHtml(data.title)}</h1>
<nav aria-label="Sections"><a href="#results">Results</a> <a href="#curves">Curves</a> <a href="#examples">Predictions</a> <a href="#run">The run</a></nav>
${headlines(last, data)}
</header>
<main id="main">
${sections.join('\n')}
</main>
<script type="application/json" id="charts">${escapeJson(charts)}</script>
<script>${assets.script}</script>
</body>
</html>
`
}

const section = (id: string, title: string, body: string): string =>
  `<section id="${id}" aria-labelledby="${id}-title"><h2 id="${id}-title">${title}</h2>${body}</section>`

const headlines = (last: Evaluation | undefined, { seen }: ReportData): string => {
  const ap = (value: number | undefined): string =>
    value === undefined || value < 0 ? '–' : `<data value="${value}">${value.toFixed(3)}</data>`
  const count = (value: number): string => `<data value="${value}">${value.toLocaleString('en-US')}</data>`
  return facts(
    [
      ['Box AP', ap(last?.bbox?.[0])],
      ['Mask AP', ap(last?.segm?.[0])],
      ['Images seen', count(seen.images)],
      ['Instances seen', count(seen.instances)],
      ['Pixels seen', count(seen.pixels)]
    ],
    'headlines'
  )
}

/** A list of terms; the values are HTML. */
const facts = (entries: readonly (readonly [string, string])[], name: string): string =>
  `<dl class="${name}">${entries.map(([term, value]) => `<div><dt>${escapeHtml(term)}</dt><dd>${value}</dd></div>`).join('')}</dl>`

const results = (last: Evaluation | undefined): string =>
  last === undefined
    ? '<p>The run was not evaluated.</p>'
    : `<div class="columns">${cocoTable(last)}${last.perCategory.length === 0 ? '' : categoryTable(last)}</div>`

const curves = (charts: readonly Chart[]): string =>
  charts.length === 0
    ? '<p>No steps were recorded.</p>'
    : `<noscript><p>The curves are drawn by a script; their values are in the tables.</p></noscript><div class="charts">${charts.map(figure).join('')}</div>`

const figure = (chart: Chart): string => {
  const toggle = chart.logarithmic
    ? `<button type="button" class="toggle" data-for="${chart.id}" aria-pressed="false">Logarithmic scale</button>`
    : ''
  const rows = Math.ceil((chart.series.length + 1) / 2)
  return (
    `<figure class="chart"><div class="chart-head"><h3 id="${chart.id}-title">${chart.title}</h3>${toggle}</div>` +
    `<div class="plot" id="${chart.id}" style="--rows:${rows}" tabindex="0" role="group" aria-labelledby="${chart.id}-title" aria-describedby="${chart.id}-note"></div>` +
    `<figcaption id="${chart.id}-note">${chart.note} Arrow keys move the cursor; names in the legend hide their curve.</figcaption>` +
    `<details><summary>Values</summary>${chartTable(chart)}</details></figure>`
  )
}

const run = (data: ReportData): string =>
  facts(
    Object.entries(data.facts).map(([term, value]) => [term, escapeHtml(value)] as const),
    'facts'
  ) + `<details><summary>Configuration</summary>${configTable(data.config)}</details>`
