import { describe, expect, test } from 'vitest'
import { trainingValues } from '@tabula/detection'
import { floats, isHostValue, key, mapLeaves, scalar } from '@tabula/tensor'
import { modelOf, optimizerOf } from '../../src/config/index.js'
import { chooseDevice } from '../../src/device.js'
import { diagnose } from '../../src/trainer/diagnose.js'
import type { Origin } from '../../src/trainer/diagnose.js'
import type { TrainingState } from '../../src/trainer/index.js'
import { right, tiny } from './tiny.js'

const config = tiny({ steps: 2, warmUp: { steps: 0 } })
const model = modelOf(config, 3)
const fresh: TrainingState = (({ params, state }) => ({ params, state, optimizer: optimizerOf(config, params).init(params) }))(model.init(key(1)))
const optimizer = optimizerOf(config, fresh.params)
const item = { height: 64, width: 64, boxes: new Float32Array([4, 4, 60, 60]), labels: new Int32Array([1]), masks: new Uint8Array(64 * 64).fill(1) }
const pixels = Float32Array.from({ length: 2 * 3 * 64 * 64 }, (_, k) => Math.sin(k))
const batch = trainingValues(model.options, { images: pixels, height: 64, width: 64, items: [item, item] }, 2, { _tag: 'random', key: key(3) })

/** The state with the numbers of a leaf replaced. */
const spoiled = (leafPath: string, value: number): TrainingState =>
  // The same tree with other numbers at one place.
  mapLeaves(fresh, isHostValue, (leaf, path) => (path === leafPath ? floats(leaf.shape, Array.from(leaf.data, () => value)) : leaf)) as TrainingState

const found = async (state: TrainingState, more: { readonly images?: Float32Array; readonly learningRate?: number } = {}): Promise<Origin> => {
  const { device } = right(await chooseDevice('cpu')())
  const { images = pixels, learningRate = 0.01 } = more
  return right(await diagnose(device, model, optimizer, state, { batch: { ...batch, images: floats([2, 3, 64, 64], images) }, learningRate: scalar(learningRate) })())
}

describe('where a step stops being finite', () => {
  test('nowhere, if all is well', async () => {
    expect(await found(fresh)).toEqual({ where: 'nowhere' })
  })

  test('at the image with a pixel that is not finite', async () => {
    expect(await found(fresh, { images: Float32Array.from(pixels, (x, k) => (k === 3 * 64 * 64 + 5 ? NaN : x)) })).toEqual({ where: 'image', image: 1 })
  })

  test('at the layer whose weight is not finite', async () => {
    expect(await found(spoiled('params.roi_heads.mask_head.0.0.weight', NaN))).toMatchObject({ where: 'weight', layer: expect.stringContaining('roi_heads.mask_head') })
  })

  test.each(['params.backbone.body.layer2.0.conv1.weight', 'params.roi_heads.box_head.0.0.weight', 'params.roi_heads.mask_predictor.mask_fcn_logits.weight'])(
    'at the layer whose output overflows, for %s',
    async (path) => {
      // A weight of 3e38 is finite; sums of its products are not.
      expect(await found(spoiled(path, 3e38))).toEqual({ where: 'output', layer: path.replace(/^params\./, '').replace(/\.weight$/, '') })
    }
  )

  test('at an update, under an infinite learning rate', async () => {
    expect(await found(fresh, { learningRate: Infinity })).toMatchObject({ where: 'update', layer: expect.stringMatching(/^(roi_heads|rpn)\./) })
  })
})
