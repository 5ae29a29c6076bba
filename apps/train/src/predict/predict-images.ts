import { realpath } from 'node:fs/promises'
import { basename, extname, join, resolve } from 'node:path'
import { either as E, taskEither as TE } from 'fp-ts'
import { pipe } from 'fp-ts/lib/function.js'
import type { LabelMap, Result } from '@tabula/coco'
import { imageBatch, readImage } from '@tabula/coco/pipeline'
import { messageOf } from '@tabula/tensor'
import { normalizationOf } from '../config/index.js'
import type { Config } from '../config/index.js'
import { describeDrawError, drawDetections, loadLabelFont } from '../draw/index.js'
import type { LabelFont } from '../draw/index.js'
import type { Detector, Weights } from '../evaluate/index.js'
import { badFile, badInput, failed } from '../failure.js'
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

/** Names of the pictures: those of the images, numbered where one is taken. */
export const pictureNames = (files: readonly string[]): readonly string[] => {
  const used = new Set<string>()
  return files.map((file) => {
    const name = basename(file, extname(file))
    let free = name
    // Some file systems take letters of both cases for one.
    for (let k = 2; used.has(free.toLowerCase()); k++) free = `${name}-${k}`
    used.add(free.toLowerCase())
    return `${free}.png`
  })
}

/** `Left` where a picture would be written over one of the images. */
const refuseOverwriting = (files: readonly string[], pictures: readonly string[], out: string): TE.TaskEither<Failure, void> => async () => {
  const real = (path: string): Promise<string> => realpath(path).catch(() => resolve(path))
  const images = new Set(await Promise.all(files.map(real)))
  for (const picture of pictures) {
    if (images.has(await real(picture))) return E.left(badInput(`--out ${out}: expected a folder in which pictures overwrite no image, found ${picture} among the images. Choose another folder.`))
  }
  return E.right(undefined)
}

/** `Left` with all images that cannot be read. */
const readable = (files: readonly string[]): TE.TaskEither<Failure, void> => async () => {
  const failures: string[] = []
  for (const file of files) {
    const read = await readImage(file)()
    if (E.isLeft(read)) failures.push(badFile(read.left).message)
  }
  const rest = failures.length > 20 ? [`… and ${failures.length - 20} more images.`] : []
  return failures.length === 0 ? E.right(undefined) : E.left(badInput([...failures.slice(0, 20), ...rest].join('\n')))
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
 * files from 1. All images are read before anything is written. `Left` names all that cannot be, and where a picture would be written
 * over one of the images.
 */
export const predictImages = (predictor: Predictor, files: readonly string[], out: string, threshold: number): TE.TaskEither<Failure, readonly Prediction[]> => {
  const pictures = pictureNames(files).map((name) => join(out, name))
  return pipe(
    readable(files),
    TE.flatMap(() => refuseOverwriting(files, pictures, out)),
    TE.flatMap(() => TE.tryCatch(() => makeFolder(out), (cause) => badInput(`--out ${out}: expected a folder, found ${messageOf(cause)}. Choose another folder.`))),
    TE.flatMap(() => pipe(loadLabelFont, drawing)),
    TE.flatMap((font) =>
      pipe(
        files,
        TE.traverseSeqArrayWithIndex((index, file) => predictOne(predictor, font, file, pictures[index] ?? join(out, `${index + 1}.png`), index + 1, threshold))
      )
    ),
    TE.tap((predictions) =>
      TE.tryCatch(
        () => atomicWrite(join(out, 'results.json'), JSON.stringify(predictions.flatMap(({ results }) => results))),
        (cause) => failed(`${join(out, 'results.json')} could not be written: ${messageOf(cause)}.`)
      )
    )
  )
}
