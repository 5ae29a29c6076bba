import type { Problem } from '@tabula/coco'
import type { Config } from './schema.js'

/** Channels of every layer that is normalized, with the keys that decide them. */
const normalizedChannels = ({ model }: Config): readonly (readonly [string, number])[] => {
  const stages = model.depth === 'custom' ? model.blocks.length : 4
  const last = model.width * 2 ** (stages - 1)
  return [
    ['model.width', model.width],
    ['model.width (last stage)', last],
    ['model.pyramid.channels', model.pyramid.channels],
    ['model.maskHead.channels', model.maskHead.channels]
  ]
}

/** Numbers that the images of a batch may hold: as many as fit into 8 GB. */
const mostNumbers = 2_000_000_000

/** Mistakes of a configuration whose keys are valid one by one. */
export const inconsistencies = (config: Config): readonly Problem[] => {
  const { model, data, optimization, evaluation } = config
  const problems: Problem[] = []
  const add = (path: string, expected: string, found: unknown, remedy: string): void => void problems.push({ path, expected, found: String(found), remedy })
  const stages = model.depth === 'custom' ? model.blocks.length : 4
  if (model.anchors.sizes.length !== stages + 1) {
    add('model.anchors.sizes', `${stages + 1} lists: one for each of ${stages} stages and one for the level after them`, `${model.anchors.sizes.length} lists`, 'Add or remove lists of sizes.')
  }
  if (new Set(model.anchors.sizes.map(({ length }) => length)).size > 1) {
    add('model.anchors.sizes', 'lists of one length, as all levels share a head', model.anchors.sizes.map(({ length }) => length).join(', '), 'Give each level as many sizes.')
  }
  if (model.norm === 'groupNorm') {
    const wrong = normalizedChannels(config).filter(([, channels]) => channels % model.groups !== 0)
    if (wrong.length > 0) {
      add('model.groups', 'a divisor of the channels of every normalized layer', `${model.groups}, with ${wrong.map(([key, channels]) => `${key} ${channels}`).join(', ')}`, 'Choose fewer groups or other channels.')
    }
  }
  if (data.maxSize < data.minSize) add('data.maxSize', `at least data.minSize, ${data.minSize}`, data.maxSize, 'Raise maxSize or lower minSize.')
  const [height = 0, width = 0] = data.fixedSize ?? []
  if (data.fixedSize !== null && (height % 32 !== 0 || width % 32 !== 0)) add('data.fixedSize', 'multiples of 32', `${height} × ${width}`, 'Round both up.')
  if (data.fixedSize !== null && Math.max(height, width) < Math.min(data.minSize, data.maxSize)) {
    add('data.fixedSize', `room for images of ${data.minSize} to ${data.maxSize} pixels`, `${height} × ${width}`, 'Raise fixedSize or lower maxSize.')
  }
  const sides: readonly number[] = data.fixedSize ?? [data.minSize, data.maxSize]
  const largest = (batch: number): number => sides.reduce((pixels, side) => pixels * side, 3 * batch)
  for (const [path, batch] of [['optimization.batch', optimization.batch], ['evaluation.batch', evaluation.batch]] as const) {
    if (largest(batch) > mostNumbers) {
      add(path, `a batch whose images hold at most ${mostNumbers.toLocaleString('en')} numbers`, `${batch} of ${sides.join(' × ')} pixels, 3 numbers each`, 'Choose a smaller batch or smaller images.')
    }
  }
  if (optimization.warmUp.steps > optimization.steps) add('optimization.warmUp.steps', `at most optimization.steps, ${optimization.steps}`, optimization.warmUp.steps, 'Shorten the warm-up.')
  return problems
}
