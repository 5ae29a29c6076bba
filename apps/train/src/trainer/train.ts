import { performance } from 'node:perf_hooks'
import { either as E } from 'fp-ts'
import type { Result } from '@tabula/coco'
import type { BatchItem, Loader, Position } from '@tabula/coco/pipeline'
import { loader, start } from '@tabula/coco/pipeline'
import type { Batch } from '@tabula/coco/pipeline'
import { trainingStep, trainingValues } from '@tabula/detection'
import type { MaskRcnnLosses } from '@tabula/detection'
import { countParameters } from '@tabula/nn'
import { foldIn, iterate, key, scalar, showError } from '@tabula/tensor'
import type { PlanReport } from '@tabula/tensor'
import { fixedSizeOf, normalizationOf, optimizerOf, scheduleOf } from '../config/index.js'
import type { Config } from '../config/index.js'
import type { ChosenDevice } from '../device.js'
import { detections, detectorOn, scoreResults } from '../evaluate/index.js'
import type { Split } from '../evaluate/index.js'
import { badFile, failed } from '../failure.js'
import type { Failure } from '../failure.js'
import { digestOf, loadCheckpoint, notFinite, saveCheckpoint } from './checkpoint.js'
import type { TrainingState } from './checkpoint.js'
import { restore } from './checkpoint-bytes.js'
import type { LoadedCheckpoint, Progress } from './checkpoint-bytes.js'
import type { Seen, TrainingEvent } from './events.js'
import { numbersOf } from './losses.js'
import { explainNotFinite } from './non-finite.js'
import { onlyImages } from './setup.js'
import type { Setup } from './setup.js'
import type { PreparedStep, StepInputs } from './step-inputs.js'

/** A training run to be. */
export interface TrainingPlan {
  readonly config: Config
  readonly setup: Setup
  readonly device: ChosenDevice
  /** The run's folder, which exists. */
  readonly run: string
  /** Where to go on from. */
  readonly checkpoint?: LoadedCheckpoint
  /** The step after which to stop with a checkpoint, if before the last. */
  readonly until?: number
  /** Whether the evaluation that is due at the checkpoint's step was done and logged. */
  readonly evaluated?: boolean
  /** Aborted to stop after the step or the batch of an evaluation under way. */
  readonly signal?: AbortSignal
}

const objectsOf = ({ labels }: BatchItem): number => labels.length

const targetsOf = ({ height, width, boxes, labels, masks }: BatchItem) => ({ height, width, boxes, labels, masks: masks() })

const seenAfter = (seen: Seen, { items }: Batch): Seen => ({
  images: seen.images + items.length,
  instances: seen.instances + items.reduce((sum, item) => sum + objectsOf(item), 0),
  pixels: seen.pixels + items.reduce((sum, { height, width }) => sum + height * width, 0)
})

const trainingLoader = (config: Config, { train }: Setup): Loader =>
  loader({
    ...train,
    batchSize: config.optimization.batch,
    minSize: config.data.minSize,
    maxSize: config.data.maxSize,
    normalization: normalizationOf(config),
    ...fixedSizeOf(config),
    flipProbability: config.data.flip,
    seed: config.seed,
    shuffle: true,
    groupBySize: config.data.fixedSize === null,
    policy: 'fail'
  })

/** The initial state of a configuration: decided by its seed, or by a checkpoint. */
export const initialState = (config: Config, { model }: Setup, checkpoint?: LoadedCheckpoint): E.Either<Failure, TrainingState> => {
  const { params, state } = model.init(foldIn(key(config.seed), 'init'))
  const fresh: TrainingState = { params, state, optimizer: optimizerOf(config, params).init(params) }
  return checkpoint === undefined ? E.right(fresh) : restore(fresh, checkpoint, 'everything')
}

/** Trains a detector, as a stream of events. Whatever they are consumed by, the numbers are the same. */
export async function* train({ config, setup, device, run, checkpoint, until, evaluated, signal }: TrainingPlan): AsyncGenerator<TrainingEvent, void> {
  const began = performance.now()
  const { optimization, evaluation } = config
  const { steps } = optimization
  const last = Math.min(until ?? steps, steps)
  let step = checkpoint?.progress.step ?? 0
  let position: Position = checkpoint?.progress.position ?? start
  let seen: Seen = checkpoint?.progress.seen ?? { images: 0, instances: 0, pixels: 0 }
  let saved = checkpoint === undefined ? -1 : step
  const interrupted = (): boolean => signal?.aborted === true
  const fail = (failure: Failure): TrainingEvent => ({ type: 'failed', step, failure })

  const initial = initialState(config, setup, checkpoint)
  if (E.isLeft(initial)) return yield fail(initial.left)
  const optimizer = optimizerOf(config, initial.right.params)
  const rate = scheduleOf(config)
  const keys = foldIn(key(config.seed), 'train')
  const batches = trainingLoader(config, setup)
  const detector = detectorOn(device.device, setup.model, setup.labels.categoryIdOf, evaluation.batch)

  yield {
    type: 'started',
    step,
    steps,
    device: device.device.name,
    reason: device.reason,
    parameters: countParameters(initial.right.params),
    trainImages: setup.train.instances.images.length,
    validationImages: setup.validation.instances.images.length,
    config
  }

  const iteration = await iterate(device.device)<TrainingState, StepInputs, MaskRcnnLosses>(trainingStep(setup.model, optimizer), initial.right)()
  if (E.isLeft(iteration)) return yield fail(failed(`Training failed: ${showError(iteration.left)}`))
  const { advance, state: readState, reports } = iteration.right

  const progress = (): Progress => ({
    step,
    position,
    seen,
    seed: config.seed,
    digest: digestOf(config),
    fingerprint: setup.fingerprint,
    categories: setup.labels.categories.map(({ id, name }) => ({ id, name }))
  })

  /** Why numbers are not finite, by repeating the steps since the last good state. */
  const explain = async (): Promise<Failure> => {
    const good = saved < 0 ? undefined : saved === checkpoint?.progress.step ? E.right(checkpoint) : await loadCheckpoint(run)()
    const kept = good === undefined ? 'No checkpoint was written before it.' : `The last good checkpoint, of step ${saved}, is kept; the run can be resumed from it.`
    if (good !== undefined && E.isLeft(good)) return good.left
    const state = initialState(config, setup, good?.right)
    if (E.isLeft(state)) return state.left
    const { step: from, position: at } = good?.right.progress ?? { step: 0, position: start }
    return explainNotFinite({ device: device.device, model: setup.model, optimizer, state: state.right, step: from, position: at, prepare }, step, kept)
  }

  /** The state, if all of it is finite. */
  const goodState = async (): Promise<E.Either<Failure, TrainingState>> => {
    const copy = await readState()
    if (E.isLeft(copy)) return E.left(failed(`Training failed: ${showError(copy.left)}`))
    return notFinite(copy.right).length === 0 ? E.right(copy.right) : E.left(await explain())
  }

  async function* save(): AsyncGenerator<TrainingEvent, boolean> {
    if (saved === step) return true
    const state = await goodState()
    const written = E.isLeft(state) ? state : await saveCheckpoint(run, state.right, progress())()
    if (E.isLeft(written)) {
      yield fail(written.left)
      return false
    }
    saved = step
    yield { type: 'checkpointed', step, path: written.right }
    return true
  }

  async function* stop(): AsyncGenerator<TrainingEvent, false> {
    if (yield* save()) yield { type: 'stopped', step }
    return false
  }

  /** Evaluates on a split, unless it is interrupted. Answers whether the run may go on. */
  async function* evaluateOn(split: Split): AsyncGenerator<TrainingEvent, boolean> {
    const from = performance.now()
    const images = split.instances.images.length
    if (interrupted()) return yield* stop()
    const state = await goodState()
    if (E.isLeft(state)) {
      yield fail(state.left)
      return false
    }
    yield { type: 'evaluating', step, done: 0, images }
    const results: Result[] = []
    for await (const found of detections(detector, state.right, split, config)) {
      if (E.isLeft(found)) {
        yield* save()
        yield fail(found.left)
        return false
      }
      results.push(...found.right.results)
      yield { type: 'evaluating', step, done: found.right.done, images }
      if (interrupted()) return yield* stop()
    }
    const table = scoreResults(results, split, evaluation.maxDets)
    if (E.isLeft(table)) {
      yield fail(table.left)
      return false
    }
    yield { type: 'evaluated', step, table: table.right, seconds: (performance.now() - from) / 1000 }
    return true
  }

  const partOf = (split: Split): Split =>
    evaluation.images === null ? split : { ...split, instances: onlyImages(split.instances, new Set(split.instances.images.slice(0, evaluation.images).map(({ id }) => id))) }

  /** The inputs of a step. They rest on the position and the step alone, so they may be made ahead of time. */
  const prepare = async (from: Position, at: number): Promise<E.Either<Failure, PreparedStep>> => {
    const next = await batches.next(from)()
    if (E.isLeft(next)) return E.left(badFile(next.left))
    const { batch, position: after } = next.right
    const values = trainingValues(
      setup.model.options,
      { images: batch.images, height: batch.height, width: batch.width, items: batch.items.map(targetsOf) },
      config.data.maxObjects,
      { _tag: 'random', key: foldIn(keys, at) }
    )
    return E.right({ batch, after, inputs: { batch: values, learningRate: scalar(rate(at)) } })
  }

  const evaluationIsDue = (): boolean => evaluation.every !== null && step > 0 && step < steps && step % evaluation.every === 0
  // A run that was stopped within an evaluation, or between a checkpoint and the evaluation after it, owes it.
  if (evaluationIsDue() && evaluated !== true && !(yield* evaluateOn(partOf(setup.validation)))) return

  const told = new WeakSet<PlanReport>()
  let ahead: ReturnType<typeof prepare> | undefined
  while (step < last && !interrupted()) {
    const from = performance.now()
    const prepared = await (ahead ?? prepare(position, step))
    if (E.isLeft(prepared)) {
      if (step > 0) yield* save()
      return yield fail(prepared.left)
    }
    const { batch, after, inputs } = prepared.right
    const learningRate = rate(step)
    const ready = performance.now()
    // While the device computes this step, the next one's inputs are made.
    const running = advance(inputs)()
    ahead = step + 1 < last ? prepare(after, step + 1) : undefined
    // What goes wrong in it is answered where it is awaited, should the next step come to be.
    void ahead?.catch(() => undefined)
    const output = await running
    if (E.isLeft(output)) {
      const reason = `Training failed at step ${step + 1}: ${showError(output.left)}`
      // A device that is lost has lost the state with it.
      const copy = saved === step ? undefined : await readState()
      if (copy !== undefined && E.isLeft(copy)) {
        const kept = saved < 0 ? 'No checkpoint was written before it.' : `The checkpoint of step ${saved} is kept; the run can be resumed from it.`
        return yield fail(failed(`${reason} The state after step ${step} cannot be read any more. ${kept}`))
      }
      yield* save()
      return yield fail(failed(reason))
    }
    step++
    position = after
    for (const report of reports().values()) {
      if (told.has(report)) continue
      told.add(report)
      yield { type: 'compiled', step, engine: report.engine, milliseconds: report.compileMilliseconds, notes: report.notes }
    }
    seen = seenAfter(seen, batch)
    const losses = numbersOf(output.right)
    const milliseconds = performance.now() - from
    yield {
      type: 'step',
      step,
      losses,
      learningRate,
      seen,
      milliseconds,
      dataMilliseconds: ready - from,
      imagesPerSecond: (batch.items.length * 1000) / milliseconds
    }
    if (!Object.values(losses).every(Number.isFinite)) return yield fail(await explain())
    if (step < last && step % config.checkpoint.every === 0 && !(yield* save())) return
    if (evaluationIsDue() && !(yield* evaluateOn(partOf(setup.validation)))) return
  }

  if (!(yield* save())) return
  if (step < steps) return yield { type: 'stopped', step }
  if (!(yield* evaluateOn(setup.validation))) return
  yield { type: 'finished', step, seen, seconds: (performance.now() - began) / 1000 }
}
