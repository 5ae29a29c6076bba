import { writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { either as E } from 'fp-ts'
import { messageOf, showError } from '@tabula/tensor'
import { cpuDevice } from '@tabula/tensor/cpu'
import { pycocotools, tabulaCoco } from './coco/contestants.js'
import { cocoTask } from './coco/scenes.js'
import type { Contestant } from './contestant.js'
import { checkpointRows } from './programs/checkpoint-row.js'
import { traceRows } from './programs/trace-rows.js'
import { tfjs } from './rivals/tfjs.js'
import { torch } from './rivals/torch.js'
import { heading, line, measure } from './row.js'
import type { Row } from './row.js'
import { stepRows } from './step/index.js'
import { tabula } from './tabula.js'
import { workloads } from './workloads.js'

const say = (text: string): boolean => process.stdout.write(`${text}\n`)

/** Something started when it is first asked for. */
const once = <A>(make: () => Promise<A>): (() => Promise<A>) => {
  let made: Promise<A> | undefined
  return () => (made ??= make())
}

const closers: (() => void)[] = []
const present = <Task>(contestants: readonly (Contestant<Task> | undefined)[]): readonly Contestant<Task>[] => {
  const all = contestants.filter((contestant) => contestant !== undefined)
  closers.push(...all.map(({ close }) => close))
  return all
}

const own = once(async () => {
  const device = await cpuDevice()()
  if (E.isLeft(device)) throw new Error(showError(device.left))
  return tabula(device.right, '0.1.0')
})
const rivals = once(async () => present(await Promise.all([torch(), tfjs('wasm'), tfjs('cpu')])))
const cocoRivals = once(async () => present([await pycocotools()]))

/** Every row by name. */
const known = new Map<string, (name: string) => Promise<readonly Row[]>>([
  ...[...workloads].map(([name, task]) => [name, async () => measure(name, task, await own(), await rivals())] as const),
  ['coco-eval-bbox', async (name) => measure(name, cocoTask('bbox'), tabulaCoco, await cocoRivals())],
  ['coco-eval-segm', async (name) => measure(name, cocoTask('segm'), tabulaCoco, await cocoRivals())],
  ['step-small', (name) => stepRows(name, 'small', say)],
  ['step-full', (name) => stepRows(name, 'full', say)],
  ['checkpoint', (name) => checkpointRows(name, say)],
  ['trace-differentiate', (name) => traceRows(name, say)]
])

const usage = `npm run bench [-- --only NAME --json FILE]

Rows: ${[...known.keys()].join(', ')}
--only takes a row, or the beginning of several; --json also writes { "rows": [{ name, tabulaMs, rival, rivalMs, ratio }] }.`

const readOptions = () => {
  try {
    return parseArgs({ options: { only: { type: 'string' }, json: { type: 'string' }, help: { type: 'boolean' } } }).values
  } catch (thrown) {
    process.stderr.write(`${messageOf(thrown)}\n\n${usage}\n`)
    process.exit(2)
  }
}

const options = readOptions()
if (options.help === true) {
  say(usage)
  process.exit(0)
}
const wanted = [...known].filter(([name]) => options.only === undefined || name.startsWith(options.only))
if (wanted.length === 0) {
  process.stderr.write(`--only ${options.only}: no row has this name\n\n${usage}\n`)
  process.exit(2)
}

const rows: Row[] = []
say('Medians of runs in turns. Operations: arguments and results stay with each contestant; forward convolutions have constant weights.')
say(heading)
for (const [name, run] of wanted) {
  try {
    const found = await run(name)
    rows.push(...found)
    found.forEach((row) => say(line(row)))
  } catch (thrown) {
    // The other rows are still worth having; the exit code tells.
    process.exitCode = 1
    process.stderr.write(`${name}: ${messageOf(thrown)}\n`)
  }
}
if (options.json !== undefined) writeFileSync(options.json, `${JSON.stringify({ rows }, null, 2)}\n`)
closers.forEach((close) => close())
