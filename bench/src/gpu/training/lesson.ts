import { trainingValues } from '@tabula/detection'
import type { MaskRcnn, StepValues, TrainingState, TrainingValues, Trees } from '@tabula/detection'
import { sgd } from '@tabula/nn'
import { foldIn, key, scalar } from '@tabula/tensor'
import { smallDetector } from './detector.js'
import { mostObjects, sceneBatch } from './scenes.js'

/** A detector, where it starts, and what each step shows it. */
export interface Lesson {
  readonly name: string
  readonly model: MaskRcnn
  readonly params: Trees
  readonly state: Trees
  readonly learningRate: number
  readonly batchOf: (step: number) => TrainingValues
}

/** How lessons are learned: as in the paper, with momentum and weight decay. */
export const optimizer = sgd({ momentum: 0.9, weightDecay: 1e-4 })

/** Everything that changes in a lesson, before its first step. */
export const startOf = ({ params, state }: Lesson): TrainingState => ({ params, state, optimizer: optimizer.init(params) })

/** What a step of a lesson reads. */
export const inputsOf = ({ batchOf, learningRate }: Lesson, step: number): StepValues => ({ batch: batchOf(step), learningRate: scalar(learningRate) })

/** The small detector, from random numbers, on the same four drawn scenes again and again; anchors and regions are drawn anew in each step. */
export const scenesLesson = (): Lesson => {
  const model = smallDetector()
  const scenes = sceneBatch(key(1), 4)
  return {
    name: 'a small Mask R-CNN',
    model,
    ...model.init(key(0)),
    learningRate: 0.01,
    batchOf: (step) => trainingValues(model.options, scenes, mostObjects, { _tag: 'random', key: foldIn(key(2), step) })
  }
}
