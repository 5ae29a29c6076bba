import { writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { either as E } from 'fp-ts'
import { showError } from '@tabula/tensor'
import { cpuDevice } from '@tabula/tensor/cpu'
import { interleaved } from './contestant.js'
import type { Contestant, Prepared } from './contestant.js'
import { tfjs } from './rivals/tfjs.js'
import { torch } from './rivals/torch.js'
import { tabula } from './tabula.js'
import { workloads } from './workloads.js'
import type { Workload } from './workloads.js'

const usage = `npm run bench [-- --only NAME --json FILE]

Rows: ${[...workloads.keys()].join(', ')}
--only takes a row, or the beginning of several; --json also writes { "rows": [{ name, tabulaMs, rival, rivalMs, ratio }] }.`

/** One measurement beside one rival. ratio = rivalMs / tabulaMs: above 1 Tabula is faster. */
interface Row {
  readonly name: string
  readonly tabulaMs: number
  readonly rival: string | null
  readonly rivalMs: number | null
  readonly ratio: number | null
}

const readOptions = () => {
  try {
    return parseArgs({ options: { only: { type: 'string' }, json: { type: 'string' }, help: { type: 'boolean' } } }).values
  } catch (thrown) {
    process.stderr.write(`${thrown instanceof Error ? thrown.message : String(thrown)}\n\n${usage}\n`)
    process.exit(2)
  }
}

const options = readOptions()
if (options.help === true) {
  process.stdout.write(`${usage}\n`)
  process.exit(0)
}
const wanted = [...workloads].filter(([name]) => options.only === undefined || name.startsWith(options.only))
if (wanted.length === 0) {
  process.stderr.write(`--only ${options.only}: no row has this name\n\n${usage}\n`)
  process.exit(2)
}

const device = await cpuDevice()()
if (E.isLeft(device)) throw new Error(showError(device.left))
const own = tabula(device.right, '0.1.0')
const rivals: readonly Contestant<Workload>[] = (await Promise.all([torch(), tfjs('wasm'), tfjs('cpu')])).filter((rival) => rival !== undefined)
process.stdout.write(`${own.name} beside ${rivals.map(({ name }) => name).join(', ') || 'nobody: no rival is installed'}\n\n`)

/** Two digests agree to single precision. */
const agree = (a: readonly number[], b: readonly number[]): boolean => b.every((y, index) => Math.abs((a[index] ?? 0) - y) <= 1e-3 * Math.max(1, Math.abs(y)))

const cell = (x: number | null, digits: number): string => (x === null ? '-' : x.toFixed(digits)).padStart(10)

const rows: Row[] = []
process.stdout.write(`${'row'.padEnd(36)}${'tabula ms'.padStart(10)}${'rival ms'.padStart(10)}${'ratio'.padStart(10)}  rival\n`)
for (const [name, task] of wanted) {
  const mine = await own.prepare(name, task)
  if (mine === undefined) throw new Error(`Tabula lacks ${name}`)
  const present: { readonly rival: string; readonly prepared: Prepared }[] = []
  for (const rival of rivals) {
    const prepared = await rival.prepare(name, task)
    if (prepared === undefined) continue
    if (!agree(mine.digest, prepared.digest)) throw new Error(`${name}: ${rival.name} computes something else: ${prepared.digest.join(', ')}, Tabula ${mine.digest.join(', ')}`)
    present.push({ rival: rival.name, prepared })
  }
  const [tabulaMs = NaN, ...others] = await interleaved([mine, ...present.map(({ prepared }) => prepared)])
  const found: readonly Row[] =
    present.length === 0
      ? [{ name, tabulaMs, rival: null, rivalMs: null, ratio: null }]
      : present.map(({ rival }, index): Row => {
          const rivalMs = others[index] ?? NaN
          return { name, tabulaMs, rival, rivalMs, ratio: rivalMs / tabulaMs }
        })
  for (const row of found) {
    rows.push(row)
    process.stdout.write(`${row.name.padEnd(36)}${cell(row.tabulaMs, 2)}${cell(row.rivalMs, 2)}${cell(row.ratio, 2)}  ${row.rival ?? 'none at hand'}\n`)
  }
}
if (options.json !== undefined) writeFileSync(options.json, `${JSON.stringify({ rows }, null, 2)}\n`)
rivals.forEach(({ close }) => close())
