import { join } from 'node:path'
import { trainingValues } from '@tabula/detection'
import type { MaskRcnn, TrainingValues, Trees } from '@tabula/detection'
import { isRecord } from '../../parity/coco/read.js'
import { readJson, readRecording } from '../../parity/files.js'
import { modelOf, targetsOf, transformed, weightsOf } from '../../parity/maskrcnn/model.js'
import type { Lesson } from './lesson.js'

/** The recorded narrow Mask R-CNN with group normalization (`group_norm` of the fixtures), its weights and its batch. Rejects where a file is missing. */
export const fixtureLesson = async (folder: string): Promise<Lesson> => {
  const config = await readJson(join(folder, 'group_norm.config.json'))
  if (!isRecord(config)) throw new Error('group_norm.config.json: expected a record')
  const recording = await readRecording(join(folder, 'group_norm.train.safetensors.gz'))
  const input = transformed(config, recording)
  const items = targetsOf(input, recording)
  const capacity = Math.max(1, ...items.map(({ labels }) => labels.length))
  // The recording draws a fixed number of anchors and regions; only with the sampler `all` are there as many as there are.
  const model: MaskRcnn = modelOf(config, { anchors: 1, objects: capacity })
  const weights: { readonly params: Trees; readonly state: Trees } = weightsOf(model, await readRecording(join(folder, 'group_norm.weights.safetensors')))
  const batch: TrainingValues = trainingValues(model.options, { images: input.batch, height: input.height, width: input.width, items }, capacity, { _tag: 'first' })
  return { name: 'the recorded Mask R-CNN', model, ...weights, learningRate: 0.01, batchOf: () => batch }
}
