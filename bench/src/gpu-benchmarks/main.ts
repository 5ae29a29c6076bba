import { writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { parseArgs } from 'node:util'
import '@tensorflow/tfjs-backend-cpu'
import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm'
import { messageOf } from '@tabula/tensor'
import type { GpuContestant } from './contestant.js'
import { inBrowser, pageProgram } from './in-browser.js'
import { heading, line } from './measure.js'
import type { GpuRow } from './measure.js'
import { measureMode, modes } from './modes.js'
import type { Finding, Mode } from './modes.js'
import { jax } from './rivals/jax.js'
import { naive } from './rivals/naive.js'
import { tfjs } from './rivals/tfjs.js'
import { tasks } from './tasks.js'

const usage = `npm run bench:gpu [-- --mode ${modes.join('|')} --only NAME --adapter software|hardware --size small|large --quick --json FILE]

Rows: ${Object.keys(tasks.small).join(', ')}
--mode may be repeated; without it webasm, webgl2 and webgpu are measured. --only takes a row, or the beginning of several.
--adapter hardware lets Chromium use the machine's graphics processor; --size large takes shapes that keep one busy.
--quick measures three rounds of each row instead of at least five.
--json also writes { "adapter", "rows": [{ mode, name, tabulaMs, rival, rivalMs, ratio, kernels, compileSeconds, rivalCompileSeconds, difference }] }.`

const say = (text: string): boolean => process.stdout.write(`${text}\n`)

const refuse = (message: string): never => {
  process.stderr.write(`${message}\n\n${usage}\n`)
  process.exit(2)
}

const readOptions = () => {
  try {
    return parseArgs({
      options: {
        mode: { type: 'string', multiple: true },
        only: { type: 'string', default: '' },
        adapter: { type: 'string', default: 'software' },
        size: { type: 'string', default: 'small' },
        quick: { type: 'boolean' },
        json: { type: 'string' },
        help: { type: 'boolean' }
      }
    }).values
  } catch (thrown) {
    return refuse(messageOf(thrown))
  }
}

const options = readOptions()
if (options.help === true) {
  say(usage)
  process.exit(0)
}
const oneOf = <A extends string>(option: string, value: string, known: readonly A[]): A => known.find((name) => name === value) ?? refuse(`--${option} ${value}: expected ${known.join(', ')}`)
const adapter = oneOf('adapter', options.adapter, ['software', 'hardware'])
const size = oneOf('size', options.size, ['small', 'large'])
const wanted = (options.mode ?? ['webasm', 'webgl2', 'webgpu']).map((mode): Mode => oneOf('mode', mode, modes))
if (!Object.keys(tasks[size]).some((name) => name.startsWith(options.only))) refuse(`--only ${options.only}: no row has this name`)

const rows: GpuRow[] = []
const hear = async (finding: Finding): Promise<void> => {
  if (finding._tag === 'rows') {
    rows.push(...finding.rows)
    finding.rows.forEach((row) => say(line(row)))
  } else if (finding._tag === 'note') say(`  ${finding.message}`)
  else {
    // The other rows are still worth having; the exit code tells.
    process.exitCode = 1
    process.stderr.write(`${finding.message}\n`)
  }
  return Promise.resolve()
}

/** Rivals in this process. jax-js asks `navigator` about the browser, which Node 20 lacks. */
const rivalsInNode = async (mode: Exclude<Mode, 'webgl2' | 'webgpu'>): Promise<readonly GpuContestant[]> => {
  if (mode === 'headlessgl') return []
  if (!('navigator' in globalThis)) Object.defineProperty(globalThis, 'navigator', { value: { userAgent: 'Node.js', hardwareConcurrency: 1 }, configurable: true })
  setWasmPaths(join(dirname(createRequire(import.meta.url).resolve('@tensorflow/tfjs-backend-wasm')), '/'))
  const found = mode === 'webasm' ? [await tfjs('wasm', false), await jax('wasm')] : [await tfjs('cpu', false)]
  return [naive(mode), ...found.filter((rival) => rival !== undefined)]
}

let bundled: Promise<string> | undefined
const program = (): Promise<string> => (bundled ??= pageProgram())

for (const mode of wanted) {
  say(`\n${mode}: medians of runs in turns; values stay on each side's device, and a run ends with one number read.`)
  say(heading)
  const request = { mode, size, only: options.only, quick: options.quick === true }
  try {
    if (mode === 'webgl2' || mode === 'webgpu') await inBrowser(program, request, adapter, hear)
    else {
      const rivals = await rivalsInNode(mode)
      await measureMode(request, rivals, hear)
      rivals.forEach(({ close }) => close())
    }
  } catch (thrown) {
    await hear({ _tag: 'failed', message: `${mode}: ${messageOf(thrown)}` })
  }
}
if (options.json !== undefined) writeFileSync(options.json, `${JSON.stringify({ adapter, rows }, null, 2)}\n`)
// Threads and contexts of the contestants keep a process alive.
process.exit(process.exitCode ?? 0)
