import { access, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { either as E, taskEither as TE } from 'fp-ts'
import { pipe } from 'fp-ts/lib/function.js'
import { loadConfig } from '../config/index.js'
import type { Config } from '../config/index.js'
import { clock, metrics, progress, readTimings } from '../consumers/index.js'
import type { Consumer, Terminal } from '../consumers/index.js'
import { chooseDevice } from '../device.js'
import type { ChosenDevice } from '../device.js'
import { badInput } from '../failure.js'
import type { Failure } from '../failure.js'
import { digestOf, initialState, loadCheckpoint, setUp, train } from '../trainer/index.js'
import type { LoadedCheckpoint, Setup, TrainingEvent } from '../trainer/index.js'
import { reportRun } from './report-run.js'
import { createRun, findRun, freeFolder } from './run-folder.js'

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
}

const withSeed = (config: Config, seed: number | undefined): Config => (seed === undefined ? config : { ...config, seed })

const afresh = (request: TrainRequest, file: string): TE.TaskEither<Failure, Prepared> =>
  pipe(
    loadConfig(file),
    TE.bindTo('config'),
    TE.bind('run', () => freeFolder(request.out, file)),
    TE.map(({ config, run }) => ({ config: withSeed(config, request.seed), run, data: request.data ?? '.', checkpoint: undefined }))
  )

/** A run to go on with: by its own configuration, or by one that changes nothing of what it has computed so far. */
const again = (request: TrainRequest, folder: string): TE.TaskEither<Failure, Prepared> =>
  pipe(
    findRun(folder),
    TE.bindTo('found'),
    TE.bind('config', ({ found }) => (request.config === undefined ? TE.right<Failure, Config>(found.config) : pipe(loadConfig(request.config), TE.map((config) => withSeed(config, request.seed ?? found.config.seed))))),
    TE.flatMap(({ found, config }) =>
      digestOf(config) === found.checkpoint.progress.digest
        ? TE.right({ config, run: folder, data: request.data ?? found.data, checkpoint: found.checkpoint })
        : TE.left(badInput(`--resume ${folder}: expected a configuration with the model, data, batch, rates and seed of the run, found others in ${request.config ?? 'config.json'}. Leave the configuration out to use the run's own, or start a new run with --out.`))
    )
  )

const needed = async (folder: string): Promise<E.Either<Failure, void>> =>
  access(folder).then(
    () => E.right(undefined),
    () => E.left(badInput(`--data ${folder}: expected a folder with annotations and images, found no such folder. Give its path with --data.`))
  )

const consume = async (events: AsyncGenerator<TrainingEvent, void>, consumers: readonly Consumer[]): Promise<E.Either<Failure, Ending>> => {
  let ending: E.Either<Failure, Ending> | undefined
  for await (const event of events) {
    for (const consumer of consumers) await consumer(event)
    if (event.type === 'failed') ending = E.left(event.failure)
    else if (event.type === 'stopped' || event.type === 'finished') ending = E.right(event)
  }
  return ending ?? E.left(badInput('The training ended without an event that says how.'))
}

/** Events as lines of JSON. */
const jsonLines = (write: (text: string) => void): Consumer => (event) => write(`${JSON.stringify(event)}\n`)

/** Trains until the last step, an interrupt or a failure; writes the report at the end. */
export const runTraining = (request: TrainRequest, terminal: Terminal, signal: AbortSignal): TE.TaskEither<Failure, Ending> =>
  pipe(
    request.resume !== undefined
      ? again(request, request.resume)
      : request.config !== undefined
        ? afresh(request, request.config)
        : TE.left(badInput('train: expected a configuration file, or --resume with the folder of a run, found neither. For example: tabula train configs/shapes.json --data DIR.')),
    TE.bindTo('prepared'),
    TE.tap(({ prepared }) => () => needed(prepared.data)),
    TE.bind('setup', ({ prepared }) => setUp(prepared.config, prepared.data)),
    TE.bind('device', () => chooseDevice(request.device)),
    TE.flatMap(({ prepared, setup, device }) => (request.dryRun ? rehearse(prepared, setup, device, terminal) : perform(request, prepared, setup, device, terminal, signal)))
  )

const perform = (request: TrainRequest, { config, data, run, checkpoint }: Prepared, setup: Setup, device: ChosenDevice, terminal: Terminal, signal: AbortSignal): TE.TaskEither<Failure, Ending> =>
  pipe(
    // Nothing is written before the checkpoint is known to fit.
    checkpoint === undefined ? TE.right(undefined) : pipe(initialState(config, setup, checkpoint), TE.fromEither, TE.asUnit),
    TE.flatMap(() => createRun(run, config, data)),
    TE.flatMap(() => () => {
      const consumers = [metrics(run), request.json ? jsonLines(terminal.write) : progress(terminal)]
      const plan = { config, setup, device, run, signal, ...(checkpoint === undefined ? {} : { checkpoint }), ...(request.until === undefined ? {} : { until: request.until }) }
      return consume(train(plan), consumers)
    }),
    TE.tap((ending) => {
      if (ending.type === 'finished') {
        return pipe(
          reportRun(run, config, setup, device),
          TE.tapIO((path) => () => request.json || terminal.write(`Report: ${path}\nTo evaluate it again: npx --no -- tabula evaluate ${run} --data ${data}\n`))
        )
      }
      if (!request.json) terminal.write(`Nothing is lost. To go on: ${request.resumeCommand(run)}\n`)
      return TE.right(undefined)
    })
  )

/** One step, checkpoint, resumption and evaluation in a temporary folder: everything a run does, and what it will take. */
const rehearse = ({ config, data }: Prepared, setup: Setup, device: ChosenDevice, terminal: Terminal): TE.TaskEither<Failure, Ending> => async () => {
  const run = await mkdtemp(join(tmpdir(), 'tabula-dry-run-'))
  try {
    const short: Config = { ...config, optimization: { ...config.optimization, steps: 3, warmUp: { ...config.optimization.warmUp, steps: 0 } } }
    const few: Setup = { ...setup, validation: { ...setup.validation, instances: { ...setup.validation.instances, images: setup.validation.instances.images.slice(0, config.evaluation.batch) } } }
    const validation = new Set(few.validation.instances.images.map(({ id }) => id))
    const reduced: Setup = { ...few, validation: { ...few.validation, instances: { ...few.validation.instances, annotations: few.validation.instances.annotations.filter(({ image_id }) => validation.has(image_id)) } } }
    const consumers = [metrics(run), progress(terminal, 1)]
    const first = await consume(train({ config: short, setup: reduced, device, run, until: 2 }), consumers)
    if (E.isLeft(first)) return first
    const checkpoint = await loadCheckpoint(run)()
    if (E.isLeft(checkpoint)) return checkpoint
    const second = await consume(train({ config: short, setup: reduced, device, run, checkpoint: checkpoint.right }), consumers)
    if (E.isLeft(second)) return second
    const step = (await readTimings(run)).find((timing) => timing.step === 2)?.milliseconds ?? 0
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
