import { taskEither as TE } from 'fp-ts'
import { pipe } from 'fp-ts/lib/function.js'
import { inferenceValues, trainingStep, trainingValues } from '@tabula/detection'
import type { FasterRcnn, StepValues, TrainingState, TrainingValues } from '@tabula/detection'
import { sgd } from '@tabula/nn'
import { compile, foldIn, iterate, key, scalar, showError } from '@tabula/tensor'
import type { Device, HostValue, PlanReport } from '@tabula/tensor'
import { sceneSide, tinyDetector } from '../detector/detector.js'
import type { NormName } from '../detector/detector.js'
import type { Snapshot, WatchedScene } from '../protocol.js'
import { batchOf, drawScenes } from '../scenes/batch.js'
import { mostObjects } from '../scenes/scene.js'
import type { Scene } from '../scenes/scene.js'
import { shapeClasses } from '../scenes/shape.js'
import { foundIn } from './detections.js'

/** Images of a training step. */
export const imagesPerStep = 4

/** Scenes that training never sees: the first so many of them. */
export const watchedScenes = (count: number): readonly Scene[] => drawScenes(key(1), count, sceneSide)

/** Scenes of a look. */
const scenesOfLook = 12

/** From here on nothing is learned any more: it is a matter of a few steps until the loss is no number. */
const hopelessLoss = 1e4

/** Steps in which the learning rate rises. */
const warmUpSteps = 20

/** A look at a training: what the detector finds now, and all that is needed to go on from here. */
export interface Look {
  readonly scenes: readonly WatchedScene[]
  readonly snapshot: Snapshot
}

/** A training under way. */
export interface Training {
  /** Steps made so far. */
  readonly step: () => number
  /** Makes the next step on scenes that no step has seen, and answers the sum of its losses; NaN where training has diverged. */
  readonly advance: (learningRate: number) => TE.TaskEither<string, number>
  /** What the detector finds now in scenes that training never sees. */
  readonly look: TE.TaskEither<string, Look>
  /** Reports of what has been compiled, by what it is for. */
  readonly reports: () => readonly (readonly [string, PlanReport])[]
}

const optimizer = sgd({ momentum: 0.9, weightDecay: 1e-4 })

const totalOf = (losses: Readonly<Record<string, HostValue>>): number => Object.values(losses).reduce((sum, { data }) => sum + (data[0] ?? 0), 0)

type RightOf<T> = T extends TE.TaskEither<unknown, infer A> ? A : never
type Inputs = StepValues<TrainingValues<Readonly<Record<never, never>>>>
type Losses = ReturnType<FasterRcnn['train']>[0]

const stateOf = (model: FasterRcnn): TrainingState => {
  const initial = model.init(key(0))
  return { ...initial, optimizer: optimizer.init(initial.params) }
}

/** Starts a training from random numbers, or goes on from where one stood. `Left` says what the device refuses. */
export const startTraining = (device: Device, norm: NormName, from?: Snapshot): TE.TaskEither<string, Training> => {
  const model = tinyDetector(norm, shapeClasses.length + 1)
  const initial = from?.state ?? stateOf(model)
  const scenes = watchedScenes(scenesOfLook)
  const batch = inferenceValues(batchOf(scenes))
  return pipe(
    TE.Do,
    TE.bindW('iteration', () => iterate(device)<TrainingState, Inputs, Losses>(trainingStep(model, optimizer), initial)),
    TE.mapLeft(showError),
    TE.map(({ iteration }) => {
      let step = from?.step ?? 0
      const compileInference = compile(device)((x) => model.infer(x.params, x.state, x.batch), { params: initial.params, state: initial.state, batch })
      let inference: RightOf<typeof compileInference> | undefined
      return {
        step: () => step,
        advance: (learningRate) => {
          const values = trainingValues(model.options, batchOf(drawScenes(foldIn(key(2), step), imagesPerStep, sceneSide)), mostObjects, { _tag: 'random', key: foldIn(key(3), step) })
          const rate = learningRate * Math.min(1, (step + 1) / warmUpSteps)
          return pipe(
            iteration.advance({ batch: values, learningRate: scalar(rate) }),
            TE.bimap(showError, totalOf),
            // Boxes that are no numbers are refused inside a step, before there is a loss to show it.
            TE.orElse((message) => (message.includes('not finite') ? TE.right(Number.NaN) : TE.left(message))),
            TE.map((loss) => {
              step++
              return loss < hopelessLoss ? loss : Number.NaN
            })
          )
        },
        look: pipe(
          TE.Do,
          TE.bindW('state', () => iteration.state),
          TE.bindW('program', () => (inference === undefined ? compileInference : TE.right(inference))),
          TE.bindW('detections', ({ state: { params, state }, program }) => {
            inference = program
            return program.run({ params, state, batch })
          }),
          TE.bimap(showError, ({ detections, state }) => ({
            scenes: scenes.map((scene, k) => ({ scene, found: foundIn(detections, k) })),
            snapshot: { norm, step, state }
          }))
        ),
        reports: () => [
          ...[...iteration.reports().values()].map((report) => ['training step', report] as const),
          ...(inference === undefined ? [] : [['detection', inference.report] as const])
        ]
      }
    })
  )
}
