import { fileURLToPath } from 'node:url'
import { field, startWorker } from '../rivals/worker.js'
import type { Row } from '../row.js'

/** What one process measured: medians of some runs, the first, which meets cold code, and the most memory held. */
interface Measured {
  readonly firstMs: number
  readonly ms: number
  readonly cpuMs: number
  readonly nodes: number
  readonly megabytes: number
  readonly peakMegabytes: number
}

const median = (numbers: readonly number[]): number => [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? NaN

const measured = async (args: readonly string[], runs: number): Promise<Measured> => {
  const module = fileURLToPath(new URL(import.meta.url.endsWith('.ts') ? 'trace-worker.ts' : 'trace-worker.js', import.meta.url))
  const worker = startWorker('Tabula', process.execPath, [...process.execArgv, '--expose-gc', module, ...args])
  try {
    await worker.hear()
    const answers: unknown[] = []
    for (let run = 0; run < runs; run++) answers.push(await worker.ask({}))
    const all = (key: string): readonly number[] => answers.map((answer) => Number(field(answer, key)))
    return {
      firstMs: all('ms')[0] ?? NaN,
      ms: median(all('ms')),
      cpuMs: median(all('cpuMs')),
      nodes: all('nodes')[0] ?? NaN,
      // Later runs may find what an earlier one held not yet given back.
      megabytes: Math.max(...all('megabytes')),
      peakMegabytes: Math.max(...all('peakMegabytes'))
    }
  } finally {
    worker.close()
  }
}

const rowOf = (name: string, { ms, peakMegabytes }: Measured): Row => ({ name, tabulaMs: ms, rival: null, rivalMs: null, ratio: null, tabulaPeakMegabytes: peakMegabytes })

const says = (name: string, { firstMs, cpuMs, nodes, megabytes }: Measured): string =>
  `  ${name}: ${nodes} nodes, the first time ${firstMs.toFixed(0)} ms, processor time ${cpuMs.toFixed(0)} ms, ${megabytes.toFixed(1)} MB held (${((megabytes * 1e6) / nodes).toFixed(0)} bytes a node)`

/** Tracing and differentiating the full training step, and chains of 50,000 and 100,000 operations, whose memory shows that it is linear. */
export const traceRows = async (name: string, report: (text: string) => void): Promise<readonly Row[]> => {
  const cases: readonly (readonly [string, readonly string[]])[] = [
    [`${name}-step`, ['step']],
    [`${name}-chain-50000`, ['chain', '50000']],
    [`${name}-chain-100000`, ['chain', '100000']]
  ]
  const rows: Row[] = []
  for (const [row, args] of cases) {
    const found = await measured(args, 5)
    report(says(row, found))
    rows.push(rowOf(row, found))
  }
  return rows
}
