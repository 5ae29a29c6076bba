import { mkdtemp, rm } from 'node:fs/promises'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Effort, Prepared } from '../contestant.js'
import { field, pythonEnvironment, pythonWith, startWorker } from '../rivals/worker.js'
import type { Worker } from '../rivals/worker.js'
import { rowsOf } from '../row.js'
import type { Row } from '../row.js'
import type { StepSize } from './model.js'

const lossNames = ['loss_objectness', 'loss_rpn_box_reg', 'loss_classifier', 'loss_box_reg', 'loss_mask'] as const

const efforts: Readonly<Record<StepSize, Effort>> = {
  small: { warmUps: 2, least: 5, most: 11, milliseconds: 30_000 },
  full: { warmUps: 2, least: 3, most: 5, milliseconds: 60_000 }
}

/** One side: its first step is taken, and counts as a warm-up. */
const begun = async (worker: Worker, request: object): Promise<{ readonly losses: readonly number[]; readonly prepared: Prepared; readonly peak: () => number }> => {
  let peak = 0
  const step = async (): Promise<unknown> => {
    const answer = await worker.ask(request)
    peak = Math.max(peak, Number(field(answer, 'peakMegabytes')))
    return answer
  }
  const first = field(await step(), 'losses')
  const losses = lossNames.map((name) => Number(field(first, name)))
  return { losses, prepared: { digest: losses, run: async () => Number(field(await step(), 'ms')) }, peak: () => peak }
}

/** A whole training step from images to the optimizer's update, with PyTorch's weights and batch where it is at hand. */
export const stepRows = async (name: string, size: StepSize, report: (text: string) => void): Promise<readonly Row[]> => {
  const folder = await mkdtemp(join(tmpdir(), 'tabula-bench-'))
  const workers: Worker[] = []
  const start = (...of: Parameters<typeof startWorker>): Worker => {
    const worker = startWorker(...of)
    workers.push(worker)
    return worker
  }
  try {
    const python = pythonWith(['torch', 'torchvision'])
    const threads = String(availableParallelism())
    const torch =
      python === undefined ? undefined : start('PyTorch', python, [fileURLToPath(new URL('../../../python/torch_rival.py', import.meta.url)), threads], pythonEnvironment())
    const hello = torch === undefined ? undefined : await torch.ask({ do: 'hello' })
    // Debian's python3-torch runs on whatever BLAS is installed; the rival is to be at its fastest.
    const speed = hello === undefined ? Infinity : Number(field(hello, 'matmulSpeed'))
    if (speed < 20) report(`  ${name}: PyTorch multiplies matrices at ${speed.toFixed(0)} GFLOP/s, as with the reference BLAS; install libopenblas0 for its fastest setting`)
    const id = torch === undefined ? undefined : field(await torch.ask({ do: 'model', which: size, out: folder }), 'id')
    const module = fileURLToPath(new URL(import.meta.url.endsWith('.ts') ? 'worker.ts' : 'worker.js', import.meta.url))
    const own = start('Tabula', process.execPath, [...process.execArgv, module, size, ...(torch === undefined ? [] : [folder])])
    await own.hear()
    const mine = await begun(own, {})
    if (torch === undefined) return (await rowsOf(name, mine.prepared, [], efforts[size])).map((row) => ({ ...row, tabulaPeakMegabytes: mine.peak() }))
    const theirs = await begun(torch, { do: 'run', id })
    lossNames.forEach((loss, k) => {
      const [a, b] = [mine.losses[k] ?? NaN, theirs.losses[k] ?? NaN]
      report(`  ${name}: first ${loss} ${a.toPrecision(7)}, PyTorch ${b.toPrecision(7)}`)
      if (!(Math.abs(a - b) <= 1e-3 * Math.abs(b))) throw new Error(`the first ${loss} is ${a}, PyTorch's ${b}: they must agree to 1e-3`)
    })
    const rival = `torch ${String(field(hello, 'torch'))}, torchvision ${String(field(hello, 'torchvision'))} (${threads} threads)`
    const rows = await rowsOf(name, mine.prepared, [{ rival, prepared: theirs.prepared }], efforts[size])
    return rows.map((row) => ({ ...row, tabulaPeakMegabytes: mine.peak(), rivalPeakMegabytes: theirs.peak() }))
  } finally {
    workers.forEach(({ close }) => close())
    await rm(folder, { recursive: true, force: true })
  }
}
