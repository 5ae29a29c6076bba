import { join } from 'node:path'
import { taskEither as TE } from 'fp-ts'
import { pipe } from 'fp-ts/lib/function.js'
import { indexOf, labelMap } from '@tabula/coco'
import { readImage } from '@tabula/coco/pipeline'
import type { Config } from '../config/index.js'
import { describeDrawError, drawDetections, loadLabelFont } from '../draw/index.js'
import { detectSplit } from '../evaluate/index.js'
import type { Detector, Split, Weights } from '../evaluate/index.js'
import { badFile, failed } from '../failure.js'
import type { Failure } from '../failure.js'
import type { Example } from '../report/index.js'
import { onlyImages } from '../trainer/index.js'
import { drawablesOf } from './drawables.js'

/** Score from which a detection is shown in the report. */
const shownScore = 0.5

/** Pictures of predictions beside ground truth for the first `count` images of a split that have objects. */
export const examplesOf = (detector: Detector, weights: Weights, split: Split, config: Config, count: number): TE.TaskEither<Failure, readonly Example[]> => {
  const { annotationsOf } = indexOf(split.instances)
  const labels = labelMap(split.instances)
  const images = split.instances.images.filter(({ id }) => annotationsOf(id).length > 0).slice(0, count)
  const part: Split = { ...split, instances: onlyImages(split.instances, new Set(images.map(({ id }) => id))) }
  const drawing = TE.mapLeft((error: Parameters<typeof describeDrawError>[0]) => failed(describeDrawError(error)))
  return pipe(
    TE.Do,
    TE.bind('font', () => pipe(loadLabelFont, drawing)),
    TE.bind('results', () => detectSplit(detector, weights, part, config)),
    TE.flatMap(({ font, results }) =>
      pipe(
        images,
        TE.traverseSeqArray((image) =>
          pipe(
            TE.Do,
            TE.bind('pixels', () => pipe(readImage(join(split.imageDirectory, image.file_name)), TE.mapLeft(badFile))),
            TE.let('found', () => results.filter(({ image_id, score }) => image_id === image.id && score >= shownScore)),
            TE.bind('truth', ({ pixels }) => pipe(drawDetections(font, pixels, drawablesOf(annotationsOf(image.id), labels, image.height, image.width), { format: 'jpeg', longSide: 320 }), drawing)),
            TE.bind('prediction', ({ pixels, found }) => pipe(drawDetections(font, pixels, drawablesOf(found, labels, image.height, image.width), { format: 'jpeg', longSide: 320 }), drawing)),
            TE.map(({ truth, prediction, found }): Example => ({
              caption: `${image.file_name}: ${annotationsOf(image.id).length} annotated, ${found.length} found with a score of at least ${shownScore}`,
              groundTruthPng: truth,
              predictionPng: prediction
            }))
          )
        )
      )
    )
  )
}
