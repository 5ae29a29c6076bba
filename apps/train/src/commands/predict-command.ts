import { taskEither as TE } from 'fp-ts'
import { pipe } from 'fp-ts/lib/function.js'
import { labelMap } from '@tabula/coco'
import { foldIn, key } from '@tabula/tensor'
import { modelOf } from '../config/index.js'
import { chooseDevice } from '../device.js'
import { detectorOn } from '../evaluate/index.js'
import type { Failure } from '../failure.js'
import { predictImages } from '../predict/index.js'
import type { Prediction } from '../predict/index.js'
import { restore } from '../trainer/index.js'
import { findRun } from './run-folder.js'

/** What the command line asks of a prediction. */
export interface PredictRequest {
  readonly run: string
  readonly files: readonly string[]
  readonly out: string
  readonly threshold: number
  readonly device: string
}

/** Finds the objects in image files with a run's weights, and draws them. */
export const predictFiles = ({ run, files, out, threshold, device }: PredictRequest): TE.TaskEither<Failure, readonly Prediction[]> =>
  pipe(
    findRun(run),
    TE.bindTo('found'),
    TE.bind('chosen', () => chooseDevice(device)),
    TE.flatMap(({ found: { config, checkpoint }, chosen }) => {
      const labels = labelMap({ categories: checkpoint.progress.categories })
      const model = modelOf(config, labels.size + 1)
      return pipe(
        TE.fromEither(restore(model.init(foldIn(key(config.seed), 'init')), checkpoint, 'weights')),
        TE.flatMap((weights) => predictImages({ detector: detectorOn(chosen.device, model, labels.categoryIdOf, 1), weights, labels, config }, files, out, threshold))
      )
    })
  )
