import { parseArgs } from 'node:util'
import type { PrimitiveName } from '@tabula/tensor'
import { instances } from '@tabula/tensor/testing'
import { browserPlace } from './browser-place.js'
import { conformanceIn } from './conformance.js'
import { headlessGlPlace } from './headless-gl.js'
import { nodePlace } from './node-place.js'
import type { Found } from './place.js'
import { modeTable, sumLines } from './table.js'
import { modes } from './task.js'
import type { Mode } from './task.js'

const usage = `npm run test:gpu -- [--mode NAME[,NAME…]] [--primitive NAME[,NAME…]] [--runs N] [--seed N] [--minutes N]

Compares the gpu.js device with the reference interpreter on drawn instances of every primitive, in each mode of gpu.js:
cpu and webasm in Node, webasm, webgl2 and webgpu in a headless Chromium, headlessgl on a virtual display.
A mode without what it needs is skipped, with the reason and what to install; so is what is not begun after so many --minutes.
Exit code 0: nothing differs. 1: something does. 2: the command line is wrong.`

const refuse = (message: string): never => {
  process.stderr.write(`${message}\n\n${usage}\n`)
  process.exit(2)
}

const readOptions = () => {
  try {
    return parseArgs({
      options: { mode: { type: 'string' }, primitive: { type: 'string' }, runs: { type: 'string' }, seed: { type: 'string' }, minutes: { type: 'string' }, help: { type: 'boolean' } }
    }).values
  } catch (thrown) {
    return refuse(thrown instanceof Error ? thrown.message : String(thrown))
  }
}

const options = readOptions()
if (options.help === true) {
  process.stdout.write(`${usage}\n`)
  process.exit(0)
}

const listed = <A extends string>(what: string, text: string | undefined, all: readonly A[]): readonly A[] => {
  if (text === undefined) return all
  return text.split(',').map((name) => all.find((known) => known === name) ?? refuse(`--${what} ${name}: expected some of ${all.join(', ')}`))
}
const count = (what: string, text: string | undefined, usual: number): number => {
  const number = text === undefined ? usual : Number(text)
  return Number.isInteger(number) && number >= 1 ? number : refuse(`--${what} ${text ?? ''}: expected a whole number from 1`)
}

const chosen = listed('mode', options.mode, modes)
// Object.keys of a record over the union are its members; the compiler only knows strings.
const names = listed('primitive', options.primitive, Object.keys(instances) as readonly PrimitiveName[])
const settings = { runs: count('runs', options.runs, 12), seed: count('seed', options.seed, 1), shift: 35_000, limit: 60_000, deadline: options.minutes === undefined ? Infinity : Date.now() + 60_000 * count('minutes', options.minutes, 1) }

const say = (text: string): void => void process.stdout.write(`${text}\n`)

/** Places in the order in which they are visited, opened when they are. */
const places: readonly { readonly title: string; readonly modes: readonly Mode[]; readonly open: () => Promise<Found> }[] = [
  { title: 'Node', modes: ['cpu', 'webasm'], open: async () => ({ place: nodePlace() }) },
  { title: 'Chromium', modes: ['webasm', 'webgl2', 'webgpu'], open: browserPlace },
  { title: 'Node on a virtual display', modes: ['headlessgl'], open: async () => headlessGlPlace(say, settings.deadline) }
]

let [passed, failed, skipped] = [0, 0, 0]
const summary: string[] = []
for (const { title, modes: here, open } of places) {
  const wanted = here.filter((mode) => chosen.includes(mode))
  if (wanted.length === 0) continue
  const found = await open()
  for (const mode of wanted) {
    const heading = `${mode} in ${title}`
    const skip = (reason: string, remedy: string): void => {
      skipped += names.length
      say(`\n== ${heading}: SKIPPED, ${reason}\n   to have it: ${remedy}`)
      summary.push(`${heading}: skipped, ${reason}`)
    }
    if ('reason' in found) {
      skip(found.reason, found.remedy)
      continue
    }
    const started = Date.now()
    const { primitives, left, missing } = await conformanceIn(found.place, mode, names, settings)
    if (missing !== undefined) {
      // What is there and does not run is a failure, not a lack.
      failed += 1
      say(`\n== ${heading}: FAILED, ${missing}`)
      summary.push(`${heading}: failed, ${missing}`)
      continue
    }
    say(`\n== ${heading}`)
    say(modeTable(primitives))
    const line = sumLines(primitives, (Date.now() - started) / 1000)
    say(line)
    summary.push(`${heading}: ${line}`)
    if (left.length > 0) {
      skipped += left.length
      const late = `${heading}: SKIPPED ${left.length} primitives, the time is over: ${left.join(', ')}`
      say(late)
      summary.push(late)
    }
    passed += primitives.filter(({ outcome }) => outcome === 'agreed').length
    failed += primitives.filter(({ outcome }) => outcome === 'differs').length
    skipped += primitives.filter(({ outcome }) => outcome === 'unsupported').length
  }
  if ('place' in found) await found.place.close()
}

say(`\n${summary.join('\n')}\n${passed} passed, ${failed} failed, ${skipped} skipped`)
process.exit(failed > 0 ? 1 : 0)
