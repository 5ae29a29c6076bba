import { fileURLToPath } from 'node:url'
import type { Effort, Prepared } from '../contestant.js'
import { field, startWorker } from '../rivals/worker.js'
import type { Worker } from '../rivals/worker.js'
import { rowsOf } from '../row.js'
import type { Row } from '../row.js'

const effort: Effort = { warmUps: 1, least: 5, most: 9, milliseconds: 30_000 }

/** A worker's step, the loss of its first, and its peak memory so far. */
const begun = async (worker: Worker): Promise<{ readonly prepared: Prepared; readonly peak: () => number }> => {
  let peak = NaN
  const step = async (): Promise<unknown> => {
    const answer = await worker.ask({})
    peak = Number(field(answer, 'peakMegabytes'))
    return answer
  }
  const first = await step()
  return { prepared: { digest: [Number(field(first, 'loss'))], run: async () => Number(field(await step(), 'ms')) }, peak: () => peak }
}

/** What two rows' memory and time say about recomputation, as a sentence. */
export const savings = (withIt: { readonly ms: number; readonly megabytes: number }, without: { readonly ms: number; readonly megabytes: number }): string =>
  `peak memory of the process ${without.megabytes.toFixed(0)} → ${withIt.megabytes.toFixed(0)} MB (−${((1 - withIt.megabytes / without.megabytes) * 100).toFixed(0)} %), time × ${(withIt.ms / without.ms).toFixed(2)}`

/**
 * A training step through 24 residual blocks on the CPU device, each block recomputed, beside the same without; each in a process of
 * its own. Rejects where the first losses differ.
 */
export const checkpointRows = async (name: string, report: (text: string) => void): Promise<readonly Row[]> => {
  const module = fileURLToPath(new URL(import.meta.url.endsWith('.ts') ? 'checkpoint-worker.ts' : 'checkpoint-worker.js', import.meta.url))
  const workers = ['checkpoint', 'plain'].map((mode) => startWorker(`Tabula (${mode})`, process.execPath, [...process.execArgv, module, mode]))
  try {
    const sides: Awaited<ReturnType<typeof begun>>[] = []
    for (const worker of workers) {
      await worker.hear()
      sides.push(await begun(worker))
    }
    const [mine, other] = sides
    if (mine === undefined || other === undefined) throw new Error('two processes are needed')
    const [a = NaN, b = NaN] = [mine.prepared.digest[0], other.prepared.digest[0]]
    if (!(Math.abs(a - b) <= 1e-5 * Math.abs(b))) throw new Error(`the loss is ${a} with recomputation, ${b} without`)
    const rows = await rowsOf(name, mine.prepared, [{ rival: 'without checkpoint', prepared: other.prepared }], effort)
    return rows.map((row) => {
      const [tabulaPeakMegabytes, rivalPeakMegabytes] = [mine.peak(), other.peak()]
      report(`  ${name}: ${savings({ ms: row.tabulaMs, megabytes: tabulaPeakMegabytes }, { ms: row.rivalMs ?? NaN, megabytes: rivalPeakMegabytes })}`)
      return { ...row, tabulaPeakMegabytes, rivalPeakMegabytes }
    })
  } finally {
    workers.forEach(({ close }) => close())
  }
}
