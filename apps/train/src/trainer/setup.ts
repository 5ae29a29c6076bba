import { join } from 'node:path'
import { taskEither as TE } from 'fp-ts'
import { pipe } from 'fp-ts/lib/function.js'
import { labelMap } from '@tabula/coco'
import type { Instances, LabelMap } from '@tabula/coco'
import { loadInstances } from '@tabula/coco/pipeline'
import type { MaskRcnn } from '@tabula/detection'
import { modelOf } from '../config/index.js'
import type { Config } from '../config/index.js'
import type { Split } from '../evaluate/index.js'
import { badFile, badInput } from '../failure.js'
import type { Failure } from '../failure.js'
import { checkImages } from './check-images.js'
import { fingerprintOf } from './fingerprint.js'

/** The images with these ids and their annotations. */
export const onlyImages = (instances: Instances, ids: ReadonlySet<number>): Instances => ({
  ...instances,
  images: instances.images.filter(({ id }) => ids.has(id)),
  annotations: instances.annotations.filter(({ image_id }) => ids.has(image_id))
})

/** The `limit` images with the lowest ids that have objects; all where there is no limit. */
const limited = (instances: Instances, limit: number | null): Instances => {
  if (limit === null) return instances
  const withObjects = new Set(instances.annotations.filter(({ iscrowd }) => iscrowd !== 1).map(({ image_id }) => image_id))
  const ids = [...withObjects].sort((a, b) => a - b).slice(0, limit)
  return onlyImages(instances, new Set(ids))
}

/** A split of a data folder, as the configuration names it. */
export const loadSplit = (name: string, data: string, paths: Config['data']['train']): TE.TaskEither<Failure, Split> =>
  pipe(
    loadInstances(join(data, paths.annotations)),
    TE.mapLeft(badFile),
    TE.flatMap((instances) => {
      const used = limited(instances, paths.limit)
      return used.images.length === 0
        ? TE.left(badInput(`${join(data, paths.annotations)}: images: expected at least one image, found none${paths.limit === null ? '' : ' that has objects'}. Give an annotation file that lists images.`))
        : TE.right({ name, file: join(data, paths.annotations), instances: used, imageDirectory: join(data, paths.images) })
    })
  )

/** What training and evaluation share. */
export interface Setup {
  readonly train: Split
  readonly validation: Split
  readonly labels: LabelMap
  readonly model: MaskRcnn
  /** Identifies what is trained on. */
  readonly fingerprint: string
}

/** Reads both splits, whose categories must agree and whose images must be there, and makes the model for them. */
export const setUp = (config: Config, data: string): TE.TaskEither<Failure, Setup> =>
  pipe(
    TE.Do,
    TE.bind('train', () => loadSplit('train', data, config.data.train)),
    TE.bind('validation', () => loadSplit('validation', data, config.data.validation)),
    TE.tap(({ train }) => checkImages(train, true)),
    TE.tap(({ validation }) => checkImages(validation, true)),
    TE.flatMap(({ train, validation }) => {
      const labels = labelMap(train.instances)
      const names = ({ names: of }: LabelMap): string => of.join(', ')
      const other = labelMap(validation.instances)
      if (labels.size === 0) return TE.left(badInput(`${join(data, config.data.train.annotations)}: categories: expected at least one category, found none. Add what there is to detect.`))
      return names(labels) === names(other) && labels.categories.every(({ id }, k) => id === other.categories[k]?.id)
        ? TE.right({ train, validation, labels, model: modelOf(config, labels.size + 1), fingerprint: fingerprintOf(train.instances) })
        : TE.left(badInput(`${join(data, config.data.validation.annotations)}: categories: expected those of ${config.data.train.annotations} (${names(labels)}), found ${names(other)}. Give both files the same categories.`))
    })
  )
