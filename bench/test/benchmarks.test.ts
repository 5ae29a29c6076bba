import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { interleaved } from '../src/benchmarks/contestant.js'
import type { Contestant } from '../src/benchmarks/contestant.js'
import { candidates, field, pythonEnvironment, pythonWith, startWorker } from '../src/benchmarks/rivals/worker.js'
import { heading, line, measure } from '../src/benchmarks/row.js'
import { cocoTask } from '../src/benchmarks/coco/scenes.js'
import { tabulaCoco } from '../src/benchmarks/coco/contestants.js'

const fixed = (name: string, ms: number, digest: readonly number[] | undefined): Contestant<null> => ({
  name,
  prepare: () => Promise.resolve(digest === undefined ? undefined : { digest, run: () => Promise.resolve(ms) }),
  close: () => undefined
})

describe('rows', () => {
  test('each rival that has the operation gives a row; ratio is rival / Tabula', async () => {
    const rows = await measure('nms', null, fixed('tabula', 2, [5]), [fixed('torch 1', 5, [5]), fixed('tfjs', 1, undefined), fixed('other 2', 1, [5.0001])])
    expect(rows).toEqual([
      { name: 'nms', tabulaMs: 2, rival: 'torch 1', rivalMs: 5, ratio: 2.5 },
      { name: 'nms', tabulaMs: 2, rival: 'other 2', rivalMs: 1, ratio: 0.5 }
    ])
    expect(JSON.parse(JSON.stringify({ rows }))).toEqual({ rows })
  })

  test('without a rival a row still has our time', async () => {
    const [row] = await measure('nms', null, fixed('tabula', 2, [5]), [])
    expect(row).toEqual({ name: 'nms', tabulaMs: 2, rival: null, rivalMs: null, ratio: null })
    expect(row === undefined ? '' : line(row)).toContain('rival absent')
  })

  test('a rival that computes something else is an error that names it', async () => {
    await expect(measure('nms', null, fixed('tabula', 2, [5]), [fixed('torch 1', 5, [6])])).rejects.toThrow('torch 1 computes something else')
    await expect(measure('nms', null, fixed('tabula', 2, [NaN]), [fixed('torch 1', 5, [6])])).rejects.toThrow('torch 1')
  })

  test('a line has its numbers under the heading', () => {
    const text = line({ name: 'step-small', tabulaMs: 10, rival: 'torch 1', rivalMs: 15, ratio: 1.5, tabulaPeakMegabytes: 100, rivalPeakMegabytes: 200 })
    expect(text.slice(0, text.indexOf('1.50') + 4).length).toBe(heading.indexOf('ratio') + 'ratio'.length)
    expect(text).toContain('peak memory 100 MB, rival 200 MB')
  })

  test('contestants run in turns, warm-ups first, and the median counts', async () => {
    const order: string[] = []
    const prepared = (name: string, times: readonly number[]) => ({
      digest: [],
      run: () => {
        order.push(name)
        return Promise.resolve(times[order.filter((other) => other === name).length - 1] ?? NaN)
      }
    })
    const medians = await interleaved([prepared('a', [99, 3, 1, 2]), prepared('b', [0, 7, 9, 8])], { warmUps: 1, least: 3, most: 3, milliseconds: 0 })
    expect(order.join('')).toBe('abababab')
    expect(medians).toEqual([2, 8])
  })

  test('who is quick runs again until a turn is over', async () => {
    const counts = [0, 0]
    const running = (index: number, milliseconds: number) => ({
      digest: [],
      run: async () => {
        counts[index] = (counts[index] ?? 0) + 1
        await new Promise((resolve) => setTimeout(resolve, milliseconds))
        return milliseconds
      }
    })
    await interleaved([running(0, 5), running(1, 60)], { warmUps: 0, least: 2, most: 2, milliseconds: 0, turn: 30 })
    expect(counts[0]).toBeGreaterThan(2)
    expect(counts[1]).toBe(2)
  })
})

describe('rivals', () => {
  const folder = mkdtempSync(join(tmpdir(), 'tabula-bench-test-'))
  const [having, lacking] = [join(folder, 'having'), join(folder, 'lacking')]
  beforeAll(() => {
    // A python that has only torch, and one that has nothing.
    writeFileSync(having, '#!/bin/sh\ncase "$2" in "import torch") exit 0;; *) exit 1;; esac\n')
    writeFileSync(lacking, '#!/bin/sh\nexit 1\n')
    ;[having, lacking].forEach((file) => chmodSync(file, 0o755))
  })
  afterAll(() => rmSync(folder, { recursive: true }))

  test('the first Python that has the modules is taken', () => {
    expect(pythonWith(['torch'], [join(folder, 'nothing'), lacking, having])).toBe(having)
    expect(pythonWith(['torch', 'torchvision'], [lacking, having])).toBeUndefined()
    expect(candidates({ TABULA_PYTHON: having })).toEqual([having, 'python3', '/usr/bin/python3'])
    expect(candidates({})).toEqual(['python3', '/usr/bin/python3'])
  })

  test('PyTorch starts in its fastest known environment', () => {
    const environment = pythonEnvironment({ PATH: '/bin', OPENBLAS_CORETYPE: 'Haswell', OPENBLAS_L2_SIZE: '1' })
    expect(environment).toEqual({ PATH: '/bin', MALLOC_MMAP_MAX_: '0', MALLOC_TRIM_THRESHOLD_: '100000000000', MALLOC_TOP_PAD_: '268435456' })
  })

  test('a process answers lines; its errors and its end reject', async () => {
    const program = "require('readline').createInterface({ input: process.stdin }).on('line', (l) => { const r = JSON.parse(l); if (r.end) process.exit(); console.log(JSON.stringify(r.bad ? { error: 'no such row' } : { ms: r.x })) })"
    const worker = startWorker('rival', process.execPath, ['-e', program])
    expect(field(await worker.ask({ x: 3 }), 'ms')).toBe(3)
    await expect(worker.ask({ bad: true })).rejects.toThrow('rival: no such row')
    await expect(worker.ask({ end: true })).rejects.toThrow('rival: the process ended')
  })
})

test.each(['bbox', 'segm'] as const)('the scenes for coco-eval-%s are neither trivial nor hopeless', async (iouType) => {
  const prepared = await tabulaCoco.prepare('coco', cocoTask(iouType))
  expect(prepared?.digest).toHaveLength(12)
  expect(prepared?.digest[0]).toBeGreaterThan(0.05)
  expect(prepared?.digest[0]).toBeLessThan(0.95)
})
