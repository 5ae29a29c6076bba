import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname } from 'node:path'

/** The losses of one mode beside those of the CPU device. */
export interface LossCurves {
  readonly title: string
  readonly found: readonly number[]
  readonly wanted: readonly number[]
}

const library = (file: string): Promise<string> => readFile(createRequire(import.meta.url).resolve(`uplot/dist/${file}`), 'utf8')

/** Draws each pair of curves with uPlot, as reports of training runs do. */
const script = `
const charts = JSON.parse(document.getElementById('curves').textContent)
for (const { title, found, wanted } of charts) {
  const holder = document.body.appendChild(document.createElement('section'))
  new uPlot(
    {
      title, width: 440, height: 300, scales: { x: { time: false } },
      axes: [{ label: 'step' }, { label: 'sum of the losses' }],
      series: [
        { label: 'step' },
        { label: 'CPU device', stroke: '#c2410c', width: 6, alpha: 0.35 },
        { label: title, stroke: '#1d4ed8', width: 1.5, points: { show: true, size: 5 } }
      ]
    },
    [wanted.map((_, step) => step + 1), wanted, found],
    holder
  )
}`

/** Writes a page that draws loss curves, with all that it needs inside. Answers the path. */
export const writeLossCurves = async (path: string, curves: readonly LossCurves[]): Promise<string> => {
  const [plot, style] = await Promise.all([library('uPlot.iife.min.js'), library('uPlot.min.css')])
  // Inside a script element only its end must not occur.
  const data = JSON.stringify(curves).replaceAll('<', '\\u003c')
  const html = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>Losses on gpu.js and on the CPU device</title>
<style>${style}
body { font: 14px system-ui, sans-serif; margin: 1rem; display: flex; flex-wrap: wrap; gap: 1rem } h1 { font-size: 1.1rem; width: 100%; margin: 0 }</style>
<h1>The same training on gpu.js and on the CPU device: sum of the losses, step by step</h1>
<script type="application/json" id="curves">${data}</script>
<script>${plot}</script>
<script>${script}</script>
</html>
`
  await mkdir(dirname(path), { recursive: true })
  await writeFile(path, html)
  return path
}
