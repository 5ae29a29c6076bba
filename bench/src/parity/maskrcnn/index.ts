import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { anchorsOf } from '@tabula/detection'
import type { Device } from '@tabula/tensor'
import { messageOf } from '@tabula/tensor'
import { rowOf } from '../compare.js'
import { isRecord } from '../coco/read.js'
import type { Json } from '../coco/read.js'
import { firstExisting, readJson, readRecording } from '../files.js'
import { failedRow } from '../row.js'
import type { Row } from '../row.js'
import { compareEvaluation } from './evaluation.js'
import type { Stages } from './evaluation.js'
import { compareFull } from './full.js'
import { modelOf, transformed, weightsOf } from './model.js'
import { compareTraining } from './training.js'

const readRecord = async (path: string): Promise<Json> => {
  const found = await readJson(path)
  if (!isRecord(found)) throw new Error(`${path}: expected a record`)
  return found
}

const compressed = (folder: string, name: string): string => {
  const path = firstExisting([join(folder, `${name}.safetensors.gz`), join(folder, `${name}.safetensors`)])
  if (path === undefined) throw new Error(`${name}.safetensors.gz is missing`)
  return path
}

/** A narrow model's inference, or its training. */
const compareNarrow = async (folder: string, name: string, kind: 'eval' | 'train', device: Device): Promise<Stages> => {
  const config = await readRecord(join(folder, `${name}.config.json`))
  const recording = await readRecording(compressed(folder, `${name}.${kind}`))
  const { height, width } = transformed(config, recording)
  const objects = Math.max(1, ...[...recording].filter(([key]) => /^gt\d+\.labels$/.test(key)).map(([, { shape: [count = 0] }]) => count))
  const { count } = anchorsOf(modelOf(config, { anchors: 1, objects }).options, height, width)
  const model = modelOf(config, { anchors: count, objects })
  const weights = weightsOf(model, await readRecording(join(folder, `${name}.weights.safetensors`)))
  return kind === 'eval'
    ? compareEvaluation(config, model, weights, recording, device)
    : compareTraining(config, model, weights, recording, await readRecord(join(folder, `${name}.train.json`)), device)
}

async function* stageRows(title: string, compare: () => Promise<Stages>): AsyncGenerator<Row> {
  try {
    for (const [stage, comparisons] of Object.entries(await compare())) yield rowOf('maskrcnn', `${title} ${stage}`, comparisons)
  } catch (thrown) {
    yield failedRow('maskrcnn', title, messageOf(thrown))
  }
}

/** Compares whole models with their recordings: a row for each stage. */
export async function* maskRcnnRows(folder: string, device: Device, wanted: (names: readonly string[]) => boolean): AsyncGenerator<Row> {
  const files = readdirSync(folder)
  for (const file of files) {
    const name = /^(.+)\.(?:eval|train)\.safetensors(?:\.gz)?$/.exec(file)?.[1]
    if (name !== undefined && !files.includes(`${name}.config.json`) && wanted(['maskrcnn', name])) yield failedRow('maskrcnn', file, `${name}.config.json is missing`)
  }
  for (const name of files.flatMap((file) => (file.endsWith('.config.json') ? [file.slice(0, -'.config.json'.length)] : []))) {
    for (const kind of ['eval', 'train'] as const) {
      if (!existsSync(join(folder, `${name}.${kind}.safetensors.gz`)) && !existsSync(join(folder, `${name}.${kind}.safetensors`))) continue
      const title = `${name}.${kind}`
      if (wanted(['maskrcnn', name, title])) yield* stageRows(title, () => compareNarrow(folder, name, kind, device))
    }
  }
  for (const name of files.flatMap((file) => (/^full_.*\.json$/.test(file) ? [file.slice(0, -'.json'.length)] : []))) {
    if (wanted(['maskrcnn', name])) yield* stageRows(name, async () => compareFull(await readRecord(join(folder, `${name}.json`)), device))
  }
}
