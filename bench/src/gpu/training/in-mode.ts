import { either as E } from 'fp-ts'
import { showError } from '@tabula/tensor'
import type { DeviceError } from '@tabula/tensor'
import type { Channel, Place } from '../place.js'
import { remoteDevice } from '../remote/device.js'
import type { RemoteDevice } from '../remote/device.js'
import type { Mode } from '../task.js'
import { trainedCourse } from './course.js'
import type { Expected } from './expected.js'
import type { Lesson } from './lesson.js'
import { firstStep, stepDifference } from './step.js'

/** A row of what was found about training in one mode. */
export interface TrainingRow {
  readonly what: string
  /** `skipped`: the time was over before it was done. */
  readonly outcome: 'agreed' | 'differs' | 'skipped'
  readonly note: string
}

/** What the engine and the processes held after so many steps. */
export interface Held {
  readonly step: number
  readonly live: number
  readonly liveBytes: number
  readonly memory: number | undefined
}

/** What was found about training in one mode. */
export interface TrainingFindings {
  readonly rows: readonly TrainingRow[]
  /** Sums of losses in the first steps, here and on the CPU device. */
  readonly curve: { readonly found: readonly number[]; readonly wanted: readonly number[] } | undefined
  readonly held: readonly Held[]
}

/** How training is checked. */
export interface TrainingSettings {
  /** Lessons whose first step is compared value for value. */
  readonly lessons: readonly Lesson[]
  /** The lesson that is learned for many steps, where that is to be checked. */
  readonly course: Lesson | undefined
  /** Steps of the course; the first `curveSteps` are compared. */
  readonly steps: number
  /** Nothing is begun, and no further step is made, after this time (of `Date.now`). */
  readonly deadline: number
}

/** Longest time of one request: the compilation and run of a step. */
const longest = 300_000

/** How long a request that was begun in time may go on after the deadline. */
const grace = 60_000

/** Steps whose losses are compared and drawn. */
export const curveSteps = 20

/** The largest difference of a step's values from the CPU device, relative to each value's largest magnitude. */
const stepTolerance = 1e-4

/**
 * The largest relative difference of a loss in the first `curveSteps` steps. Rounding grows from step to step until another region is
 * drawn somewhere and the losses jump apart; at the lesson's learning rate it does not grow so far. Mode `cpu` computes in double
 * precision: in the second step one activation of the mask head lies within single precision's rounding of the kink of ReLU, on its other
 * side, and from there on the gradients are others.
 */
const curveTolerance = (mode: Mode): number => (mode === 'cpu' ? 1e-2 : 1e-3)

/** How much of the memory after a quarter of the steps may be added until the last. */
const memoryGrowth = 0.05

/** After which steps the engine is asked what it holds. */
const sampledSteps = (steps: number): readonly number[] => [...new Set([Math.min(10, steps), ...[1, 2, 3, 4].map((quarter) => Math.ceil((quarter * steps) / 4))])].sort((a, b) => a - b)

const seconds = (started: number): string => `${((Date.now() - started) / 1000).toFixed(1)} s`

const megabytes = (bytes: number): string => `${(bytes / 2 ** 20).toFixed(1)} MB`

/** A failure, for which an end of the time is an excuse. */
const failure = (what: string, note: string, deadline = Infinity): TrainingRow => ({ what, outcome: Date.now() > deadline ? 'skipped' : 'differs', note })

const skipped = (what: string): TrainingRow => ({ what, outcome: 'skipped', note: 'the time is over' })

const stepRow = async (device: RemoteDevice, lesson: Lesson, expected: Expected, deadline: number): Promise<TrainingRow> => {
  const what = `training step of ${lesson.name}`
  if (Date.now() > deadline) return skipped(what)
  const wanted = await expected.step(lesson)
  const started = Date.now()
  const found = await firstStep(device, lesson)()
  if (E.isLeft(found)) return failure(what, showError(found.left), deadline)
  const { path, relative, values } = stepDifference(found.right, wanted)
  const counts = await device.counts()
  const compiled = E.isRight(counts) ? `${counts.right.kernels} kernels of ${counts.right.texts} texts compiled in ${(counts.right.compileMilliseconds / 1000).toFixed(1)} s` : ''
  return {
    what,
    outcome: relative <= stepTolerance ? 'agreed' : 'differs',
    note: `${values} values, largest relative difference from the CPU device ${relative.toExponential(1)} (${path}); ${compiled}; ${seconds(started)}`
  }
}

const curveRow = (mode: Mode, what: string, found: readonly number[], wanted: readonly number[]): TrainingRow => {
  const differences = wanted.map((want, step) => Math.abs((found[step] ?? NaN) - want) / Math.abs(want))
  const worst = differences.reduce((a, b) => (b <= a ? a : b), 0)
  const falls = (found.at(-1) ?? NaN) < (found[0] ?? NaN)
  return {
    what,
    outcome: worst <= curveTolerance(mode) && falls ? 'agreed' : 'differs',
    note: `loss ${found[0]?.toFixed(3) ?? '-'} falls to ${found.at(-1)?.toFixed(3) ?? '-'}; largest relative difference from the CPU device ${worst.toExponential(1)}`
  }
}

/**
 * Whether what is held and the processes' memory stay the same after the second sample. Before it they may grow: numbers that belong to a
 * branch of the program are uploaded when it is first taken.
 */
const heldRow = (what: string, held: readonly Held[]): TrainingRow => {
  const [, second] = held
  const last = held.at(-1)
  if (second === undefined || last === undefined) return failure(what, 'there are too few steps')
  const flat = held.slice(1).every(({ live, liveBytes }) => live === second.live && liveBytes === second.liveBytes)
  const grown = (last.memory ?? 0) - (second.memory ?? 0)
  const memory = last.memory === undefined ? 'the memory of the processes is not known' : `memory ${grown < 0 ? '-' : '+'}${megabytes(Math.abs(grown))} from step ${second.step} to ${last.step}`
  return { what, outcome: flat && grown <= memoryGrowth * (second.memory ?? 0) ? 'agreed' : 'differs', note: `${last.live} values of ${megabytes(last.liveBytes)} held, ${flat ? 'the same' : 'not the same'} from step ${second.step} on; ${memory}` }
}

const heldAfter = async (step: number, device: RemoteDevice, channel: Channel): Promise<E.Either<DeviceError, Held>> => {
  const memory = await channel.memory()
  const counts = await device.counts()
  return E.isLeft(counts) ? counts : E.right({ step, live: counts.right.live, liveBytes: counts.right.liveBytes, memory })
}

/** Thrown to end a course early. */
class Stopped extends Error {
  override readonly name = 'Stopped'
}

/** What of a course was done, and what ended it early. */
interface Learned {
  readonly losses: readonly number[]
  readonly held: readonly Held[]
  readonly stopped: string | undefined
}

/** Trains for `steps` and looks after some of them at what is held. */
const learn = async (device: RemoteDevice, channel: Channel, course: Lesson, steps: number, deadline: number): Promise<Learned> => {
  const [losses, held, samples]: [number[], Held[], readonly number[]] = [[], [], sampledSteps(steps)]
  try {
    const learned = await trainedCourse(device, course, steps, async (step, loss) => {
      losses.push(loss)
      if (samples.includes(step + 1)) {
        const now = await heldAfter(step + 1, device, channel)
        if (E.isLeft(now)) throw new Stopped(showError(now.left))
        held.push(now.right)
      }
      if (Date.now() > deadline && step + 1 < steps) throw new Stopped('the time is over')
    })
    return { losses, held, stopped: E.isLeft(learned) ? showError(learned.left) : undefined }
  } catch (thrown) {
    if (thrown instanceof Stopped) return { losses, held, stopped: thrown.message }
    throw thrown
  }
}

/** The curve of the first steps and the steadiness of all, as far as they were made. */
const courseRows = async (mode: Mode, device: RemoteDevice, channel: Channel, expected: Expected, course: Lesson, { steps, deadline }: TrainingSettings): Promise<TrainingFindings> => {
  const title = (count: number): string => `${count} steps of ${course.name}`
  if (Date.now() > deadline) return { rows: [skipped(title(curveSteps)), skipped(title(steps))], curve: undefined, held: [] }
  const started = Date.now()
  const { losses, held, stopped } = await learn(device, channel, course, steps, deadline)
  const early = (what: string): TrainingRow => failure(what, `${losses.length} steps, then: ${stopped ?? 'no more'}`, deadline)
  if (losses.length < curveSteps) return { rows: [early(title(curveSteps)), early(title(steps))], curve: undefined, held }
  const curve = { found: losses.slice(0, curveSteps), wanted: await expected.losses(course, curveSteps) }
  const steadiness = stopped === undefined ? heldRow(title(steps), held) : early(title(steps))
  return { rows: [curveRow(mode, title(curveSteps), curve.found, curve.wanted), { ...steadiness, note: `${steadiness.note}; ${seconds(started)}` }], curve, held }
}

/** Checks training in one mode. `Left` says why the mode does not run. Rejects where the CPU device fails or no page or process can be opened. */
export const trainingIn = async (place: Place, mode: Mode, expected: Expected, settings: TrainingSettings): Promise<E.Either<string, TrainingFindings>> => {
  const { lessons, course, deadline } = settings
  const channel = await place.connect(Math.max(1000, Math.min(longest, deadline + grace - Date.now())))
  try {
    const opened = await remoteDevice(channel, mode)()
    if (E.isLeft(opened)) return E.left(showError(opened.left))
    const rows: TrainingRow[] = []
    for (const lesson of lessons) rows.push(await stepRow(opened.right, lesson, expected, deadline))
    const learned = course === undefined ? { rows: [], curve: undefined, held: [] } : await courseRows(mode, opened.right, channel, expected, course, settings)
    return E.right({ ...learned, rows: [...rows, ...learned.rows] })
  } finally {
    await channel.close()
  }
}
