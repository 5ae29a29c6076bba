import { join } from 'node:path'
import type { Device } from '@tabula/tensor'
import { messageOf } from '@tabula/tensor'
import { rowOf } from '../compare.js'
import { readJson, readRecording } from '../files.js'
import type { Recording } from '../files.js'
import { failedRow } from '../row.js'
import type { Row } from '../row.js'
import { boxes } from './boxes.js'
import { convolutions } from './convolutions.js'
import { elementwiseOperations } from './elementwise.js'
import { keypoints } from './keypoints.js'
import { losses } from './losses.js'
import { normalizations } from './normalizations.js'
import { optimizers } from './optimizers.js'
import { pools } from './pools.js'
import type { Operation, Skip } from './recorded.js'
import { reductions } from './reductions.js'
import { rois } from './rois.js'
import { runCase } from './run-case.js'
import type { TorchCase } from './run-case.js'
import { schedules } from './schedules.js'
import { shapes } from './shapes.js'
import { suppressions } from './suppression.js'
import { transforms } from './transforms.js'

/** Every recorded operation, or why it is skipped. */
const operations: ReadonlyMap<string, Operation | Skip> = new Map(
  [boxes, convolutions, elementwiseOperations, keypoints, losses, normalizations, optimizers, pools, reductions, rois, schedules, shapes, suppressions, transforms].flatMap((group) => Object.entries(group))
)

const isText = (x: unknown): x is string => typeof x === 'string'
const areTexts = (x: unknown): x is readonly string[] => Array.isArray(x) && x.every(isText)

const isCase = (x: unknown): x is TorchCase =>
  typeof x === 'object' && x !== null && 'name' in x && isText(x.name) && 'group' in x && isText(x.group) && 'op' in x && isText(x.op) &&
  'attrs' in x && typeof x.attrs === 'object' && x.attrs !== null && 'inputs' in x && areTexts(x.inputs) && 'outputs' in x && areTexts(x.outputs) &&
  'grads' in x && areTexts(x.grads)

/** The cases of a folder laid out as the torch fixtures. Rejects where `cases.json` is no such list. */
const readCases = async (folder: string): Promise<readonly TorchCase[]> => {
  const found = await readJson(join(folder, 'cases.json'))
  if (Array.isArray(found) && found.every(isCase)) return found
  throw new Error('torch/cases.json: expected a list of { name, group, op, attrs, inputs, outputs, grads }')
}

/** Compares every case of `folder` that `wanted` names, one after the other, values and gradients. */
export async function* torchRows(folder: string, device: Device, wanted: (names: readonly string[]) => boolean): AsyncGenerator<Row> {
  const recordings = new Map<string, Recording>()
  const recordingOf = async (group: string): Promise<Recording> => {
    const known = recordings.get(group)
    if (known !== undefined) return known
    const read = await readRecording(join(folder, `${group}.safetensors`))
    recordings.set(group, read)
    return read
  }
  for (const row of await readCases(folder)) {
    if (!wanted(['torch', row.group, row.op, row.name])) continue
    const operation = operations.get(row.op)
    if (operation === undefined) yield failedRow('torch', row.name, `no operation is known for ${row.op}`)
    else if ('skip' in operation) yield { set: 'torch', name: row.name, status: 'skipped', note: operation.skip }
    else {
      try {
        yield rowOf('torch', row.name, await runCase(row, operation, await recordingOf(row.group), device))
      } catch (thrown) {
        yield failedRow('torch', row.name, messageOf(thrown))
      }
    }
  }
}
