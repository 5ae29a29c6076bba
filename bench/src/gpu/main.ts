import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { either as E } from 'fp-ts'
import { showError } from '@tabula/tensor'
import { cpuDevice } from '@tabula/tensor/cpu'
import { browserPlace } from './browser-place.js'
import { conformanceIn } from './conformance.js'
import { headlessGlPlace } from './headless-gl.js'
import { losable, lossIn } from './loss-in-mode.js'
import { nodePlace } from './node-place.js'
import { Misused, readOptions, usage } from './options.js'
import type { Found, Place } from './place.js'
import { modeTable, sumLines } from './table.js'
import type { Mode } from './task.js'
import { writeLossCurves } from './training/chart.js'
import type { LossCurves } from './training/chart.js'
import { expectedOf } from './training/expected.js'
import { fixtureLesson } from './training/fixture.js'
import { trainingIn } from './training/in-mode.js'
import { scenesLesson } from './training/lesson.js'
import { heldTable, trainingTable } from './training/table.js'

const repository = resolve(fileURLToPath(import.meta.url), '../../../..')

const say = (text: string): void => void process.stdout.write(`${text}\n`)

const refuse = (message: string): never => {
  process.stderr.write(`${message}\n\n${usage}\n`)
  process.exit(2)
}

const optionsOf = () => {
  try {
    return readOptions(process.argv.slice(2))
  } catch (thrown) {
    return thrown instanceof Misused ? refuse(thrown.message) : Promise.reject(thrown)
  }
}

const options = await optionsOf()
if (options === undefined) {
  say(usage)
  process.exit(0)
}
const { checks, primitives: names, deadline } = options

/** Places in the order in which they are visited, opened when they are. */
const places: readonly { readonly title: string; readonly modes: readonly Mode[]; readonly open: () => Promise<Found> }[] = [
  { title: 'Node', modes: ['cpu', 'webasm'], open: async () => ({ place: nodePlace() }) },
  { title: 'Chromium', modes: ['webasm', 'webgl2', 'webgpu'], open: browserPlace },
  { title: 'Node on a virtual display', modes: ['headlessgl'], open: async () => headlessGlPlace(say, deadline) }
]

/** What is trained, and what the CPU device makes of it. */
const prepareTraining = async () => {
  const trained = checks.filter((check) => check !== 'primitives')
  if (trained.length === 0) return undefined
  const cpu = await cpuDevice()()
  if (E.isLeft(cpu)) throw new Error(showError(cpu.left))
  const scenes = scenesLesson()
  const lessons = [...(trained.includes('step') ? [scenes] : []), ...(trained.includes('fixture') ? [await fixtureLesson(join(repository, 'fixtures/maskrcnn'))] : [])]
  return {
    expected: expectedOf(cpu.right),
    settings: { lessons, course: trained.includes('course') ? scenes : undefined, steps: options.steps, deadline },
    rows: lessons.length + (trained.includes('course') ? 2 : 0)
  }
}

const training = await prepareTraining()
let [passed, failed, skipped] = [0, 0, 0]
const summary: string[] = []
const curves: LossCurves[] = []

const checkPrimitives = async (heading: string, place: Place, mode: Mode): Promise<void> => {
  const started = Date.now()
  const { primitives, left, missing } = await conformanceIn(place, mode, names, { runs: options.runs, seed: options.seed, shift: 35_000, limit: 120_000, deadline })
  if (missing !== undefined) {
    // What is there and does not run is a failure, not a lack.
    failed += 1
    say(`FAILED, ${missing}`)
    summary.push(`${heading}: failed, ${missing}`)
    return
  }
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

const checkLoss = async (heading: string, place: Place, mode: Mode): Promise<void> => {
  if (!losable.includes(mode)) return
  const wrong = await lossIn(place, mode)
  if (wrong === undefined) passed += 1
  else failed += 1
  summary.push(`${heading}: a device that is taken away is ${wrong === undefined ? 'an error value' : `NOT an error value as it should be: ${wrong}`}`)
}

const checkTraining = async (heading: string, place: Place, mode: Mode): Promise<void> => {
  if (training === undefined) return
  if (Date.now() > deadline) {
    skipped += training.rows
    say(`training: SKIPPED, the time is over`)
    summary.push(`${heading}: SKIPPED training, the time is over`)
    return
  }
  const found = await trainingIn(place, mode, training.expected, training.settings)
  if (E.isLeft(found)) {
    failed += 1
    say(`training: FAILED, ${found.left}`)
    summary.push(`${heading}: training failed, ${found.left}`)
    return
  }
  const { rows, curve, held } = found.right
  say(trainingTable(rows))
  if (held.length > 0) say(heldTable(held))
  if (curve !== undefined) curves.push({ title: heading, ...curve })
  passed += rows.filter(({ outcome }) => outcome === 'agreed').length
  failed += rows.filter(({ outcome }) => outcome === 'differs').length
  skipped += rows.filter(({ outcome }) => outcome === 'skipped').length
  summary.push(...rows.map(({ what, outcome, note }) => `${heading}: ${outcome === 'agreed' ? '' : `${outcome.toUpperCase()}: `}${what}: ${note}`))
}

for (const { title, modes: here, open } of places) {
  const wanted = here.filter((mode) => options.modes.includes(mode))
  if (wanted.length === 0) continue
  const found = await open()
  for (const mode of wanted) {
    const heading = `${mode} in ${title}`
    if ('reason' in found) {
      skipped += (checks.includes('primitives') ? names.length : 0) + (training?.rows ?? 0)
      say(`\n== ${heading}: SKIPPED, ${found.reason}\n   to have it: ${found.remedy}`)
      summary.push(`${heading}: skipped, ${found.reason}`)
      continue
    }
    say(`\n== ${heading}`)
    if (checks.includes('primitives')) {
      await checkPrimitives(heading, found.place, mode)
      await checkLoss(heading, found.place, mode)
    }
    await checkTraining(heading, found.place, mode)
  }
  if ('place' in found) await found.place.close()
}

if (curves.length > 0) say(`\nlosses of gpu.js and of the CPU device, drawn: ${await writeLossCurves(join(repository, 'bench/test-results/gpu-losses.html'), curves)}`)
say(`\n${summary.join('\n')}\n${passed} passed, ${failed} failed, ${skipped} skipped`)
process.exit(failed > 0 ? 1 : 0)
