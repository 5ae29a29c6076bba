import { either as E, taskEither as TE } from 'fp-ts'
import { pipe } from 'fp-ts/lib/function.js'
import { inferenceValues, trainingStep, trainingValues } from '@tabula/detection'
import type { FasterRcnn, StepValues, TrainingState, TrainingValues } from '@tabula/detection'
import { sgd } from '@tabula/nn'
import { compile, foldIn, iterate, key, messageOf, scalar, showError } from '@tabula/tensor'
import type { Device, HostValue, PlanReport } from '@tabula/tensor'
import { sceneSide, tinyDetector } from '../detector/detector.js'
import type { NormName } from '../detector/detector.js'
import type { WatchedScene } from '../protocol.js'
import { batchOf, drawScenes } from '../scenes/batch.js'
import { mostObjects } from '../scenes/scene.js'
import { shapeClasses } from '../scenes/shape.js'
import { foundIn } from './detections.js'

/** Images of a training step. */
export const imagesPerStep = 4

/** Steps in which the learning rate rises. */
const warmUpSteps = 20

/** A training under way. */
export interface Training {
  /** Makes the next step on scenes that no step has seen, and answers the sum of its losses. */
  readonly advance: (learningRate: number) => TE.TaskEither<string, number>
  /** What the detector finds now in scenes that training never sees. */
  readonly watch: TE.TaskEither<string, readonly WatchedScene[]>
  /** Reports of what has been compiled, by what it is for. */
  readonly reports: () => readonly (readonly [string, PlanReport])[]
}

const optimizer = sgd({ momentum: 0.9, weightDecay: 1e-4 })

const totalOf = (losses: Readonly<Record<string, HostValue>>): number => Object.values(losses).reduce((sum, { data }) => sum + (data[0] ?? 0), 0)

type RightOf<T> = T extends TE.TaskEither<unknown, infer A> ? A : never
type Inputs = StepValues<TrainingValues<Readonly<Record<never, never>>>>
type Losses = ReturnType<FasterRcnn['train']>[0]

const stateOf = (model: FasterRcnn) => {
  const initial = model.init(key(0))
  return { ...initial, optimizer: optimizer.init(initial.params) }
}

/** Starts a training from random numbers. `Left` says what the device refuses. */
export const startTraining = (device: Device, norm: NormName): TE.TaskEither<string, Training> => {
  const model = tinyDetector(norm, shapeClasses.length + 1)
  const initial = stateOf(model)
  const scenes = drawScenes(key(1), 4, sceneSide)
  const batch = inferenceValues(batchOf(scenes))
  return pipe(
    TE.Do,
    TE.bindW('iteration', () => iterate(device)<TrainingState, Inputs, Losses>(trainingStep(model, optimizer), initial)),
    TE.mapLeft(showError),
    TE.map(({ iteration }) => {
      let step = 0
      const compileInference = compile(device)((x) => model.infer(x.params, x.state, x.batch), { params: initial.params, state: initial.state, batch })
      let inference: RightOf<typeof compileInference> | undefined
      return {
        advance: (learningRate) => {
          const values = trainingValues(model.options, batchOf(drawScenes(foldIn(key(2), step), imagesPerStep, sceneSide)), mostObjects, { _tag: 'random', key: foldIn(key(3), step) })
          const rate = learningRate * Math.min(1, (step + 1) / warmUpSteps)
          return pipe(
            iteration.advance({ batch: values, learningRate: scalar(rate) }),
            TE.bimap(showError, (losses) => {
              step++
              return totalOf(losses)
            })
          )
        },
        watch: pipe(
          TE.Do,
          TE.bindW('state', () => iteration.state),
          TE.bindW('program', () => (inference === undefined ? compileInference : TE.right(inference))),
          TE.bindW('detections', ({ state: { params, state }, program }) => program.run({ params, state, batch })),
          TE.bimap(showError, ({ detections, program }) => {
            inference = program
            return scenes.map((scene, k) => ({ scene, found: foundIn(detections, k) }))
          })
        ),
        reports: () => [
          ...[...iteration.reports().values()].map((report) => ['training step', report] as const),
          ...(inference === undefined ? [] : [['detection', inference.report] as const])
        ]
      }
    })
  )
}

/** A step's work or what was thrown in it: a device may throw while it is being lost. */
export const guarded = async <A>(work: TE.TaskEither<string, A>): Promise<E.Either<string, A>> => {
  try {
    return await work()
  } catch (thrown) {
    return E.left(messageOf(thrown))
  }
}
