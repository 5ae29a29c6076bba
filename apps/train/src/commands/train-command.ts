import { mkdtemp, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { either as E, taskEither as TE } from 'fp-ts'
import { pipe } from 'fp-ts/lib/function.js'
import { messageOf } from '@tabula/tensor'
import { loadConfig } from '../config/index.js'
import type { Config } from '../config/index.js'
import { clock, compiling, metrics, progress, readMetrics, readTimings } from '../consumers/index.js'
import type { Consumer, Terminal } from '../consumers/index.js'
import { chooseDevice } from '../device.js'
import type { ChosenDevice } from '../device.js'
import { badInput, failed } from '../failure.js'
import type { Failure } from '../failure.js'
import { digestOf, initialState, loadCheckpoint, setUp, train } from '../trainer/index.js'
import type { LoadedCheckpoint, Setup, TrainingEvent } from '../trainer/index.js'
import { reportRun } from './report-run.js'
import { lockedRun } from './lock.js'
import { quoted } from './quoted.js'
import { dataOf, describeRun, findStartedRun, freeFolder, holdsARun, makeRunFolder, refuseRun } from './run-folder.js'
import type { StartedRun } from './run-folder.js'

/** What the command line asks of a training. */
export interface TrainRequest {
  readonly config: string | undefined
  readonly data: string | undefined
  readonly out: string | undefined
  readonly device: string
  readonly resume: string | undefined
  readonly until: number | undefined
  readonly seed: number | undefined
  readonly dryRun: boolean
  readonly json: boolean
  /** The same run's command with `--resume`, to print. */
  readonly resumeCommand: (run: string) => string
}

/** How a training ended. */
export type Ending = Extract<TrainingEvent, { readonly type: 'stopped' | 'finished' }>

interface Prepared {
  readonly config: Config
  readonly data: string
  readonly run: string
  readonly checkpoint: LoadedCheckpoint | undefined
  /** Whether the log has an evaluation of the checkpoint's step. */
  readonly evaluated: boolean
}

const withSeed = (config: Config, seed: number | undefined): Config => (seed === undefined ? config : { ...config, seed })

const afresh = (request: TrainRequest, file: string): TE.TaskEither<Failure, Prepared> =>
  pipe(
    loadConfig(file),
    TE.bindTo('config'),
    TE.bind('run', () => freeFolder(request.out, file)),
    TE.map(({ config, run }) => ({ config: withSeed(config, request.seed), run, data: request.data ?? '.', checkpoint: undefined, evaluated: false }))
  )

/** Why a run cannot go on with what was asked. */
const contradiction = ({ out, config: file, seed, until }: TrainRequest, { folder, config, checkpoint }: StartedRun, asked: Config): Failure | undefined => {
  if (out !== undefined && resolve(out) !== resolve(folder)) return badInput(`--out ${out}: expected none with --resume, which goes on in ${folder}. Leave it out, or copy the folder and resume the copy.`)
  if (seed !== undefined && seed !== config.seed) return badInput(`--seed ${seed}: expected the run's, ${config.seed}, or none with --resume. Leave it out, or start a new run with --out.`)
  if (digestOf(asked) !== (checkpoint?.progress.digest ?? digestOf(config))) {
    return badInput(
      `--resume ${folder}: expected a configuration with the model, data, batch, rates and seed of the run, found others in ${file ?? join(folder, 'config.json')}. ${file === undefined ? 'Restore that file' : "Leave the configuration out to use the run's own"}, or start a new run with --out.`
    )
  }
  const { step = 0 } = checkpoint?.progress ?? {}
  if (asked.optimization.steps < step) return badInput(`${file ?? join(folder, 'config.json')}: optimization.steps: expected at least the ${step} that the run has done, found ${asked.optimization.steps}. Raise it.`)
  if (until !== undefined && until < step) return badInput(`--until ${until}: expected at least the ${step} steps that the run has done. Raise it.`)
  return undefined
}

/** A run to go on with: by its own configuration, or by one that changes nothing of what it has computed so far. */
const again = (request: TrainRequest, folder: string): TE.TaskEither<Failure, Prepared> =>
  pipe(
    findStartedRun(folder),
    TE.bindTo('found'),
    TE.bind('config', ({ found }) => (request.config === undefined ? TE.right<Failure, Config>(found.config) : pipe(loadConfig(request.config), TE.map((config) => withSeed(config, request.seed ?? found.config.seed))))),
    TE.tap(({ found, config }) => {
      const wrong = contradiction(request, found, config)
      return wrong === undefined ? TE.right(undefined) : TE.left(wrong)
    }),
    TE.bind('logged', () =>
      TE.tryCatch(
        async () => {
          await readTimings(folder)
          return readMetrics(folder)
        },
        (cause) => badInput(`${messageOf(cause)}.`)
      )
    ),
    TE.bind('data', ({ found }) => dataOf(found, request.data)),
    TE.map(({ found: { checkpoint }, config, data, logged }) => ({
      config,
      run: folder,
      data,
      checkpoint,
      evaluated: logged.some(({ type, step }) => type === 'evaluation' && step === checkpoint?.progress.step)
    }))
  )

/** `Left` where a run would go on with other images or objects than it has seen. */
const sameData = ({ run, data, checkpoint }: Prepared, { labels, fingerprint }: Setup): TE.TaskEither<Failure, void> => {
  if (checkpoint === undefined) return TE.right(undefined)
  const { categories, fingerprint: trained = fingerprint } = checkpoint.progress
  const same = trained === fingerprint && JSON.stringify(categories) === JSON.stringify(labels.categories.map(({ id, name }) => ({ id, name })))
  return same ? TE.right(undefined) : TE.left(badInput(`--resume ${run}: expected the training images, objects and categories that the run has seen, found others in ${data}. Give its data with --data, or start a new run with --out.`))
}

const needed = async (folder: string): Promise<E.Either<Failure, void>> => {
  const found = await stat(folder).catch(() => undefined)
  return found?.isDirectory() === true
    ? E.right(undefined)
    : E.left(badInput(`--data ${folder}: expected a folder with annotations and images, found ${found === undefined ? 'no such folder' : 'a file'}. Give its path with --data.`))
}

const consume = async (run: string, events: AsyncGenerator<TrainingEvent, void>, consumers: readonly Consumer[]): Promise<E.Either<Failure, Ending>> => {
  let ending: E.Either<Failure, Ending> | undefined
  for await (const event of events) {
    try {
      for (const consumer of consumers) await consumer(event)
    } catch (cause) {
      return E.left(failed(`${run}: the log could not be written: ${messageOf(cause)}. Free space on the disk; then the run can be resumed from its last checkpoint.`))
    }
    if (event.type === 'failed') ending = E.left(event.failure)
    else if (event.type === 'stopped' || event.type === 'finished') ending = E.right(event)
  }
  return ending ?? E.left(failed('The training ended without an event that says how.'))
}

/** Events as lines of JSON. */
const jsonLines = (write: (text: string) => void): Consumer => (event) => write(`${JSON.stringify(event)}\n`)

/** What a training is watched and stopped by. */
export interface Watch {
  readonly terminal: Terminal
  /** From when it is called, the signal is aborted to stop with a checkpoint. */
  readonly listen: () => AbortSignal
}

/** Trains until the last step, an interrupt or a failure; writes the report at the end. */
export const runTraining = (request: TrainRequest, watch: Watch): TE.TaskEither<Failure, Ending> => {
  const { resume, config, dryRun } = request
  const prepared =
    resume !== undefined
      ? again(request, resume)
      : config !== undefined
        ? afresh(request, config)
        : TE.left(badInput('train: expected a configuration file, or --resume with the folder of a run, found neither. For example: tabula train configs/shapes.json --data DIR.'))
  const training = pipe(
    prepared,
    TE.bindTo('prepared'),
    TE.tap(({ prepared: { data } }) => () => needed(data)),
    TE.bind('setup', ({ prepared: { config: resolved, data } }) => setUp(resolved, data)),
    TE.tap(({ prepared: found, setup }) => sameData(found, setup)),
    TE.bind('device', () => chooseDevice(request.device, request.json ? undefined : compiling(watch.terminal))),
    TE.flatMap(({ prepared: found, setup, device }) => {
      if (dryRun) return rehearse(request, found, setup, device, watch.terminal)
      const work = perform(request, found, setup, device, watch)
      return resume === undefined ? pipe(makeRunFolder(found.run), TE.flatMap(() => lockedRun(found.run)(pipe(refuseRun(found.run), TE.flatMap(() => work))))) : work
    })
  )
  // A run that exists is locked before it is read, so that what is read stays true.
  return resume === undefined || dryRun ? training : pipe(holdsARun(resume), TE.flatMap(() => lockedRun(resume)(training)))
}

/** A step's end, or the moment of an interrupt. */
const untilAborted = (signal: AbortSignal): Promise<void> =>
  new Promise((done) => {
    if (signal.aborted) done()
    else signal.addEventListener('abort', () => done(), { once: true })
  })

const perform = (request: TrainRequest, { config, data, run, checkpoint, evaluated }: Prepared, setup: Setup, device: ChosenDevice, { terminal, listen }: Watch): TE.TaskEither<Failure, Ending> =>
  pipe(
    // Nothing is written before the checkpoint is known to fit.
    checkpoint === undefined ? TE.right(undefined) : pipe(initialState(config, setup, checkpoint), TE.fromEither, TE.asUnit),
    TE.flatMap(() => describeRun(run, config, data)),
    TE.flatMap(() => async () => {
      const signal = listen()
      let saved = checkpoint?.progress.step
      const remember: Consumer = (event) => {
        if (event.type === 'checkpointed') saved = event.step
      }
      const consumers = [metrics(run), remember, request.json ? jsonLines(terminal.write) : progress(terminal)]
      const plan = { config, setup, device, run, signal, evaluated, ...(checkpoint === undefined ? {} : { checkpoint }), ...(request.until === undefined ? {} : { until: request.until }) }
      const ending = await consume(run, train(plan), consumers)
      if (E.isLeft(ending) && saved !== undefined && !request.json) terminal.write(`The checkpoint of step ${saved} is kept. To go on from it: ${request.resumeCommand(run)}\n`)
      if (E.isLeft(ending) || ending.right.type !== 'finished') return ending
      // The report costs no more than it takes to make it again; an interrupt ends it at once.
      const report = await Promise.race([reportRun(run, config, setup, device)(), untilAborted(signal)])
      if (report === undefined) return E.right<Failure, Ending>({ type: 'stopped', step: ending.right.step })
      if (E.isLeft(report)) return report
      if (!request.json) terminal.write(`Report: ${report.right}\nTo evaluate it again: npx --no -- tabula evaluate ${quoted(run)} --data ${quoted(data)}\n`)
      return ending
    }),
    TE.tapIO((ending) => () => (ending.type === 'stopped' && !request.json ? terminal.write(`Nothing is lost. To go on: ${request.resumeCommand(run)}\n`) : undefined))
  )

/** One step, checkpoint, resumption and evaluation in a temporary folder: everything a run does, and what it will take. */
const rehearse = ({ json }: TrainRequest, { config, data }: Prepared, setup: Setup, device: ChosenDevice, terminal: Terminal): TE.TaskEither<Failure, Ending> => async () => {
  const run = await mkdtemp(join(tmpdir(), 'tabula-dry-run-'))
  try {
    const short: Config = { ...config, optimization: { ...config.optimization, steps: 3, warmUp: { ...config.optimization.warmUp, steps: 0 } } }
    const few: Setup = { ...setup, validation: { ...setup.validation, instances: { ...setup.validation.instances, images: setup.validation.instances.images.slice(0, config.evaluation.batch) } } }
    const validation = new Set(few.validation.instances.images.map(({ id }) => id))
    const reduced: Setup = { ...few, validation: { ...few.validation, instances: { ...few.validation.instances, annotations: few.validation.instances.annotations.filter(({ image_id }) => validation.has(image_id)) } } }
    const consumers = [metrics(run), json ? jsonLines(terminal.write) : progress(terminal, 1)]
    const first = await consume(run, train({ config: short, setup: reduced, device, run, until: 2 }), consumers)
    if (E.isLeft(first)) return first
    const checkpoint = await loadCheckpoint(run)()
    if (E.isLeft(checkpoint)) return checkpoint
    const second = await consume(run, train({ config: short, setup: reduced, device, run, checkpoint: checkpoint.right }), consumers)
    if (E.isLeft(second)) return second
    const step = (await readTimings(run)).find((timing) => timing.step === 2)?.milliseconds ?? 0
    if (json) return second
    terminal.write(
      [
        'Dry run passed: training, checkpoint, resumption and evaluation work.',
        `${config.optimization.steps} steps of ${config.optimization.batch} images on ${data}: about ${clock(step * config.optimization.steps)} without evaluations, at ${step.toFixed(0)} ms a step.`,
        `Memory now: ${(process.memoryUsage().rss / 2 ** 20).toFixed(0)} MiB. Nothing was written.`,
        ''
      ].join('\n')
    )
    return second
  } finally {
    await rm(run, { recursive: true, force: true })
  }
}
