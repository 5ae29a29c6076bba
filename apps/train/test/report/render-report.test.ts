import { mkdtemp, readFile, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { either as E } from 'fp-ts'
import sharp from 'sharp'
import { beforeAll, describe, expect, test } from 'vitest'
import { cocoNumbers, loadReportAssets, renderReport, writeReport } from '../../src/report/index.js'
import { sizeOf } from '../../src/report/examples.js'
import type { ReportAssets, ReportData } from '../../src/report/index.js'

const numbers = (first: number): readonly number[] => cocoNumbers.map((_, index) => (index === 5 ? -1 : first + index / 97))

let assets: ReportAssets
let png: Uint8Array
let data: ReportData
beforeAll(async () => {
  const loaded = await loadReportAssets()
  if (E.isLeft(loaded)) throw new Error(loaded.left.found)
  assets = loaded.right
  png = await sharp({ create: { width: 30, height: 20, channels: 3, background: '#345' } })
    .png()
    .toBuffer()
  data = {
    title: 'A <run> & "more"',
    config: { model: { norm: 'group', widths: [8, 16] }, '<img src=x onerror=alert(1)>': '</script><script>alert(2)</script>' },
    events: Array.from({ length: 1000 }, (_, index) => ({
      step: index + 1,
      losses: { 'rpn </script>': 1 / (index + 1), mask: 0.5 },
      learningRate: 0.02,
      imagesPerSecond: 20
    })),
    evaluations: [
      { step: 500, bbox: numbers(0.1), segm: numbers(0.05), perCategory: [] },
      {
        step: 1000,
        bbox: numbers(0.123456789),
        segm: numbers(0.0987654321),
        perCategory: [
          { name: '<b>cell</b>', bbox: 0.777123456, segm: -1 },
          { name: 'ring', bbox: 0.25 }
        ]
      }
    ],
    seen: { images: 8000, instances: 56123, pixels: 131072000 },
    examples: [{ caption: 'Image "7" <i>', groundTruthPng: png, predictionPng: png }],
    facts: { Device: 'cpu & 2 threads', Seed: '<1>' }
  }
})

const chartsOf = (
  html: string
): readonly { id: string; steps: number[]; series: { label: string; values: (number | null)[] }[] }[] =>
  JSON.parse(/<script type="application\/json" id="charts">([\s\S]*?)<\/script>/.exec(html)?.[1] ?? '')

describe('the page', () => {
  test('asks nothing of a network', () => {
    const html = renderReport(assets, data)
    expect(html).not.toMatch(/https?:\/\//)
    expect(html).not.toMatch(/(?:src|href)=["'](?!data:|#)/)
    expect(html).not.toMatch(/url\(|@import|<link/)
    expect(html).toContain("default-src 'none'")
  })

  test('lets no text of the data become markup', () => {
    const html = renderReport(assets, data)
    expect(html).not.toContain('<img src=x')
    expect(html).not.toContain('<b>cell')
    expect(html).not.toContain('alert(2)</script>')
    expect(html).toContain('<h1>A &lt;run&gt; &amp; &quot;more&quot;</h1>')
    expect(html).toContain('alt="Ground truth: Image &quot;7&quot; &lt;i&gt;"')
    expect(html.match(/<script/g)?.length).toBe(2)
    expect(html.match(/<\/script>/g)?.length).toBe(2)
  })

  test('shows the twelve numbers of the last evaluation, exact in the markup', () => {
    const html = renderReport(assets, data)
    for (const value of [...numbers(0.123456789), ...numbers(0.0987654321)].filter((number) => number >= 0))
      expect(html).toContain(`<data value="${value}">${value.toFixed(3)}</data>`)
    expect(html).not.toContain(`<data value="${numbers(0.1)[0]}">`)
    expect(html).toContain('<data value="0.777123456">0.777</data>')
    expect(html).not.toContain('value="-1"')
    expect(html.match(/aria-label="not measured"/g)?.length).toBe(4)
  })

  test('shows what the run has seen, its facts and its settings', () => {
    const html = renderReport(assets, data)
    expect(html).toContain('<data value="131072000">131,072,000</data>')
    expect(html).toContain('<data value="56123">56,123</data>')
    expect(html).toContain('<dt>Device</dt><dd>cpu &amp; 2 threads</dd>')
    expect(html).toContain('<code>model.widths</code></th><td><code>[8,16]</code>')
  })

  test('draws means of the losses and their total, and the AP of each evaluation', () => {
    const charts = chartsOf(renderReport(assets, data))
    const losses = charts.find(({ id }) => id === 'losses')
    expect(losses?.series.map(({ label }) => label)).toEqual(['total', 'rpn </script>', 'mask'])
    expect(losses?.steps.length).toBeLessThanOrEqual(400)
    expect(losses?.steps.at(-1)).toBe(1000)
    expect(losses?.series[1]?.values[0]).toBeCloseTo((1 + 1 / 2 + 1 / 3) / 3, 5)
    expect(losses?.series[0]?.values[0]).toBeCloseTo((1 + 1 / 2 + 1 / 3) / 3 + 0.5, 5)
    const precision = charts.find(({ id }) => id === 'precision')
    expect(precision?.steps).toEqual([500, 1000])
    expect(precision?.series.find(({ label }) => label === 'mask AP')?.values).toEqual([0.05, 0.0987654])
  })

  test('takes runs without steps, evaluations, masks or examples', () => {
    const empty = { ...data, events: [], evaluations: [], examples: [] }
    expect(renderReport(assets, empty)).toContain('The run was not evaluated.')
    const boxes = { ...data, evaluations: [{ step: 1, bbox: numbers(0.2), perCategory: [] }] }
    expect(chartsOf(renderReport(assets, boxes))[0]?.series.map(({ label }) => label)).toEqual(['box AP', 'box AP50'])
    const broken = { ...data, events: [{ step: 1, losses: { mask: Number.NaN }, learningRate: 0.1, imagesPerSecond: 1 }] }
    expect(chartsOf(renderReport(assets, broken)).find(({ id }) => id === 'losses')?.series[0]?.values).toEqual([null])
  })

  test('stays under 3 MB, and says which pictures it left out', () => {
    const large = { caption: 'large', groundTruthPng: new Uint8Array(300_000), predictionPng: new Uint8Array(300_000) }
    const events = Array.from({ length: 20_000 }, (_, step) => ({
      step,
      losses: Object.fromEntries(Array.from({ length: 12 }, (__, index) => [`loss ${index}`, Math.sin(step + index) + 2])),
      learningRate: 0.01,
      imagesPerSecond: 3
    }))
    const html = renderReport(assets, { ...data, events, examples: Array.from({ length: 9 }, () => large) })
    expect(html.length).toBeLessThan(3_000_000)
    expect(html).toContain('6 more pairs were left out')
  })
})

test('the size of a picture is read from its header', async () => {
  expect(sizeOf(png)).toEqual({ width: 30, height: 20 })
  expect(sizeOf(await sharp(png).jpeg().toBuffer())).toEqual({ width: 30, height: 20 })
  expect(sizeOf(new Uint8Array([1, 2, 3]))).toBeUndefined()
})

test('a report is written whole, or is an error value', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'report-'))
  const path = join(folder, 'report.html')
  expect(await writeReport(path, data)()).toEqual(E.right(undefined))
  expect(await readFile(path, 'utf8')).toBe(renderReport(assets, data))
  expect(await readdir(folder)).toEqual(['report.html'])
  expect(await writeReport(join(folder, 'no', 'report.html'), data)()).toMatchObject({ left: { tag: 'WriteFailed' } })
  await rm(folder, { recursive: true })
})
