import { dirname } from 'node:path'
import { taskEither as TE } from 'fp-ts'
import { pipe } from 'fp-ts/lib/function.js'
import { labelMap } from '@tabula/coco'
import { modelOf } from '../config/index.js'
import type { Config } from '../config/index.js'
import { chooseDevice } from '../device.js'
import { apText, detectorOn, detectSplit, scoreResults } from '../evaluate/index.js'
import type { ApTable, Split } from '../evaluate/index.js'
import { badInput } from '../failure.js'
import type { Failure } from '../failure.js'
import { checkImages, loadSplit, onlyImages, restore } from '../trainer/index.js'
import { dataOf, findRun } from './run-folder.js'
import { foldIn, key } from '@tabula/tensor'

/** What the command line asks of an evaluation. */
export interface EvaluateRequest {
  readonly run: string
  readonly data: string | undefined
  /** `train`, `validation` (`val`), or another: the split's annotations are then `annotations/instances_NAME.json`. */
  readonly split: string
  readonly annotations: string | undefined
  readonly images: string | undefined
  readonly imageIds: readonly number[] | undefined
  readonly maxDets: number | undefined
  readonly device: string
}

const pathsOf = ({ data: { train, validation } }: Config, split: string): Config['data']['train'] => {
  switch (split) {
    case 'train':
      return train
    case 'val':
    case 'validation':
      return validation
    default:
      return { annotations: `annotations/instances_${split}.json`, images: split, limit: null }
  }
}

const splitOf = ({ split, annotations, images, imageIds }: EvaluateRequest, config: Config, folder: string): TE.TaskEither<Failure, Split> => {
  if ((annotations === undefined) !== (images === undefined)) return TE.left(badInput('evaluate: expected --annotations and --images together, found one of them. Add the other, or use --split.'))
  const whole =
    annotations === undefined || images === undefined
      ? loadSplit(split, folder, pathsOf(config, split))
      : pipe(
          loadSplit('given', '', { annotations, images: dirname(annotations), limit: null }),
          TE.map((found): Split => ({ ...found, imageDirectory: images }))
        )
  return pipe(
    whole,
    TE.flatMap((found) => {
      if (imageIds === undefined) return TE.right(found)
      const known = new Set(found.instances.images.map(({ id }) => id))
      const missing = imageIds.filter((id) => !known.has(id))
      return missing.length === 0
        ? TE.right({ ...found, instances: onlyImages(found.instances, new Set(imageIds)) })
        : TE.left(badInput(`--image-ids: expected ids of images in the annotations, found ${missing.slice(0, 20).join(', ')}, which are not. Correct the ids.`))
    })
  )
}

/** COCO's numbers of a run's weights on a split. */
export const evaluateRun = (request: EvaluateRequest, onBatch: (done: number, all: number) => void): TE.TaskEither<Failure, ApTable> =>
  pipe(
    findRun(request.run),
    TE.bindTo('found'),
    TE.bind('split', ({ found }) => pipe(dataOf(found, request.data), TE.flatMap((data) => splitOf(request, found.config, data)))),
    TE.tap(({ split }) => checkImages(split, false)),
    TE.tap(({ found, split }) => {
      const trained = new Map(found.checkpoint.progress.categories.map(({ id, name }) => [id, name]))
      const strange = split.instances.categories.filter(({ id, name }) => trained.get(id) !== name)
      return strange.length === 0
        ? TE.right(undefined)
        : TE.left(badInput(`${request.annotations ?? `--split ${request.split}`}: categories: expected those of the run, found ${strange.slice(0, 20).map(({ id, name }) => `${id} ${name}`).join(', ')}. Give annotations with the run's categories.`))
    }),
    TE.bind('device', () => chooseDevice(request.device)),
    TE.flatMap(({ found, split, device }) => {
      const maxDets = request.maxDets ?? found.config.evaluation.maxDets
      // As in training, and enough detections of an image for a limit that is asked for.
      const { detections } = found.config.model
      const config: Config = { ...found.config, model: { ...found.config.model, detections: { ...detections, count: Math.max(detections.count, request.maxDets ?? 0) } } }
      const labels = labelMap({ categories: found.checkpoint.progress.categories })
      const model = modelOf(config, labels.size + 1)
      const detector = detectorOn(device.device, model, labels.categoryIdOf, config.evaluation.batch)
      return pipe(
        TE.fromEither(restore(model.init(foldIn(key(config.seed), 'init')), found.checkpoint, 'weights')),
        TE.flatMap((weights) => detectSplit(detector, weights, split, config, (done) => onBatch(done, split.instances.images.length))),
        TE.flatMapEither((results) => scoreResults(results, split, maxDets))
      )
    })
  )

export { apText }
