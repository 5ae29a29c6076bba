import { basename, extname, join } from 'node:path'
import { either as E, taskEither as TE } from 'fp-ts'
import { pipe } from 'fp-ts/lib/function.js'
import type { LabelMap, Result } from '@tabula/coco'
import { imageBatch, readImage } from '@tabula/coco/pipeline'
import { normalizationOf } from '../config/index.js'
import type { Config } from '../config/index.js'
import { describeDrawError, drawDetections, loadLabelFont } from '../draw/index.js'
import type { LabelFont } from '../draw/index.js'
import type { Detector, Weights } from '../evaluate/index.js'
import { badFile, badInput, failed, messageOf } from '../failure.js'
import type { Failure } from '../failure.js'
import { atomicWrite } from '../trainer/index.js'
import { makeFolder } from '../make-folder.js'
import { drawablesOf } from './drawables.js'

/** What was found in one image file. */
export interface Prediction {
  readonly file: string
  readonly picture: string
  readonly results: readonly Result[]
}

/** Names of the pictures: those of the images, numbered where two are the same. */
const pictureNames = (files: readonly string[]): readonly string[] => {
  const used = new Map<string, number>()
  return files.map((file) => {
    const name = basename(file, extname(file))
    const count = (used.get(name) ?? 0) + 1
    used.set(name, count)
    return count === 1 ? `${name}.png` : `${name}-${count}.png`
  })
}

const drawing = TE.mapLeft((error: Parameters<typeof describeDrawError>[0]) => failed(describeDrawError(error)))

/** Everything that predictions need. */
export interface Predictor {
  readonly detector: Detector
  readonly weights: Weights
  readonly labels: Pick<LabelMap, 'labelOf' | 'names'>
  readonly config: Config
}

const predictOne = ({ detector, weights, labels, config }: Predictor, font: LabelFont, file: string, picture: string, id: number, threshold: number): TE.TaskEither<Failure, Prediction> =>
  pipe(
    TE.Do,
    TE.bind('image', () => pipe(readImage(file), TE.mapLeft(badFile))),
    TE.bind('batch', ({ image }) =>
      pipe(
        imageBatch(image, file, { minSize: config.data.minSize, maxSize: config.data.maxSize, normalization: normalizationOf(config) }),
        E.mapLeft(badFile),
        TE.fromEither
      )
    ),
    TE.bind('results', ({ batch }) => pipe(detector(weights, batch), TE.map((found) => found.filter(({ score }) => score >= threshold).map((result) => ({ ...result, image_id: id, file_name: basename(file) }))))),
    TE.bind('png', ({ image, results }) => pipe(drawDetections(font, image, drawablesOf(results, labels, image.height, image.width)), drawing)),
    TE.flatMap(({ results, png }) =>
      TE.tryCatch(
        async () => {
          await atomicWrite(picture, png)
          return { file, picture, results }
        },
        (cause) => failed(`${picture} could not be written: ${messageOf(cause)}. Check the folder's permissions and the free space.`)
      )
    )
  )

/**
 * Writes a PNG for each image file with what was found in it, and `results.json` with all of it as COCO results; image ids count the
 * files from 1. All images are read before anything is written. `Left` names the first that cannot be.
 */
export const predictImages = (predictor: Predictor, files: readonly string[], out: string, threshold: number): TE.TaskEither<Failure, readonly Prediction[]> =>
  pipe(
    files,
    TE.traverseSeqArray((file) => pipe(readImage(file), TE.mapLeft(badFile), TE.asUnit)),
    TE.flatMap(() => TE.tryCatch(() => makeFolder(out), (cause) => badInput(`--out ${out}: expected a folder, found ${messageOf(cause)}. Choose another folder.`))),
    TE.flatMap(() => pipe(loadLabelFont, drawing)),
    TE.flatMap((font) => {
      const names = pictureNames(files)
      return pipe(
        files,
        TE.traverseSeqArrayWithIndex((index, file) => predictOne(predictor, font, file, join(out, names[index] ?? `${index + 1}.png`), index + 1, threshold))
      )
    }),
    TE.tap((predictions) =>
      TE.tryCatch(
        () => atomicWrite(join(out, 'results.json'), JSON.stringify(predictions.flatMap(({ results }) => results))),
        (cause) => failed(`${join(out, 'results.json')} could not be written: ${messageOf(cause)}.`)
      )
    )
  )
