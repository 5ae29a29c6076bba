import { beforeAll, describe, expect, test } from 'vitest'
import { either as E } from 'fp-ts'
import { valueAndGradWithAux } from '@tabula/autodiff'
import { batchNorm, groupNorm, valuesOf } from '@tabula/nn'
import { compile, key, showError } from '@tabula/tensor'
import type { Device, HostValue } from '@tabula/tensor'
import { cpuDevice } from '@tabula/tensor/cpu'
import { referenceDevice } from '@tabula/tensor/reference'
import { boxHead, convsOneFc, detectron, detectron2, fpn, inferenceValues, maskConvs, maskHead, rcnn, resnet, torchvision, totalLoss, trainingValues, twoFc } from '../src/index.js'
import type { Detections, ImageTargets, MaskRcnnLosses, Trees } from '../src/index.js'

const presets = { torchvision, detectron, detectron2 }
type Preset = keyof typeof presets

/** A tiny Mask R-CNN, strides 4, 8 and 16; norms with state in the mask head, which may have no row to look at. */
const modelOf = (name: Preset, { classes = 3, scoreThreshold = 0, count = 4 }: { readonly classes?: number; readonly scoreThreshold?: number; readonly count?: number } = {}) => {
  const preset = presets[name]
  const norm = groupNorm(2)
  return rcnn({
    ...preset,
    backbone: fpn(resnet({ blocks: [1, 1], block: 'basic', base: 4, norm }), { channels: 4, norm }),
    anchors: { ...preset.anchors, sizes: [[8], [16], [24]] },
    rpnTargets: { ...preset.rpnTargets, batch: 16 },
    trainProposals: { ...preset.trainProposals, preNms: 20, postNms: 12 },
    testProposals: { ...preset.testProposals, preNms: 20, postNms: 6 },
    sampling: { ...preset.sampling, batch: 8 },
    pooling: { ...preset.pooling, canonicalScale: 16 },
    detections: { ...preset.detections, count, scoreThreshold },
    classes,
    heads: { box: boxHead(convsOneFc({ convs: 1, size: 3, width: 8, norm: batchNorm() })), mask: maskHead(maskConvs({ convs: 1, channels: 4, size: 4, norm: batchNorm() })) }
  })
}

const right = <A>(outcome: E.Either<Parameters<typeof showError>[0], A>): A => {
  if (E.isLeft(outcome)) throw new Error(showError(outcome.left))
  return outcome.right
}

type Box = readonly [number, number, number, number]

/** An image whose objects' masks are their whole boxes. */
const item = (boxes: readonly Box[], height = 32, width = 32): ImageTargets => {
  const masks = new Uint8Array(boxes.length * height * width)
  boxes.forEach(([x1, y1, x2, y2], g) => {
    for (let y = 0; y < height; y++) for (let x = 0; x < width; x++) if (x + 0.5 > x1 && x + 0.5 < x2 && y + 0.5 > y1 && y + 0.5 < y2) masks[(g * height + y) * width + x] = 1
  })
  return { height, width, boxes: Float32Array.from(boxes.flat()), labels: Int32Array.from(boxes, (_, g) => 1 + (g % 2)), masks }
}

const images = Float32Array.from({ length: 2 * 3 * 32 * 32 }, (_, k) => Math.sin(k / 7))
const usual: Box = [4, 8, 16, 20]

/** Batches of two images of 32 × 32 pixels, whose program is one. */
const batches: Readonly<Record<string, readonly [ImageTargets, ImageTargets]>> = {
  'an image without objects beside one with': [item([]), item([usual])],
  'no objects at all': [item([]), item([])],
  'more objects than fit': [item([usual, [1, 1, 9, 9], [20, 4, 30, 12], [10, 18, 30, 30], [2, 20, 10, 30]]), item([usual])],
  'an object that is all of the image, and one of a fraction of a pixel': [item([[0, 0, 32, 32]]), item([[10.2, 11.3, 10.3, 11.35]])],
  'objects at the borders': [item([[0, 0, 6, 5], [27, 26, 32, 32]]), item([[0, 12, 32, 13], [31, 0, 32, 32]])],
  'objects without area': [item([[5, 5, 5, 5], [8, 8, 20, 8]]), item([[7, 3, 7, 20]])],
  'objects in the padding only, or nowhere': [item([usual], 7, 5), item([[-20, -20, -10, -10]])],
  'one box twice': [item([usual, usual]), item([usual])],
  'images of different sizes, one smaller than the coarsest stride': [item([[1, 1, 4, 6]], 9, 5), item([usual], 20, 31)],
  'an image of one pixel': [item([[0, 0, 1, 1]], 1, 1), item([usual])]
}

const devices: Readonly<Record<string, () => Promise<Device>>> = {
  reference: async () => referenceDevice(),
  cpu: async () => {
    const opened = await cpuDevice({ threads: 1 })()
    if (E.isLeft(opened)) throw new Error(JSON.stringify(opened.left))
    return opened.right
  }
}

const numbersOf = ({ data }: HostValue): readonly number[] => Array.from(data, Number)

const expectFinite = (tree: unknown): void => {
  for (const { path, leaf } of valuesOf(tree)) if (!numbersOf(leaf).every(Number.isFinite)) expect.fail(`${path} has a number that is not finite`)
}

describe.each([
  ['reference', 'torchvision'],
  ['reference', 'detectron'],
  ['reference', 'detectron2'],
  ['cpu', 'torchvision'],
  ['cpu', 'detectron']
] as const)('on %s with the conventions of %s', (deviceName, name) => {
  const model = modelOf(name)
  const valuesFor = (items: readonly ImageTargets[]) => trainingValues(model.options, { images, height: 32, width: 32, items }, 3, { _tag: 'random', key: key(1) })
  type Values = ReturnType<typeof valuesFor>
  interface Step {
    readonly losses: Readonly<Record<keyof MaskRcnnLosses, HostValue>>
    readonly gradient: Trees
    readonly state: Trees
    readonly detections: { readonly [K in keyof Detections]: HostValue }
  }
  const initial = model.init(key(0))
  const programs = new Map<string, (batch: Values) => Promise<Step>>()

  beforeAll(async () => {
    const device = await (devices[deviceName] ?? devices['reference'] ?? (() => Promise.reject(new Error(deviceName))))()
    const program = right(
      await compile(device)((x) => {
        const step = valueAndGradWithAux((params: Trees) => {
          const [losses, state] = model.train(params, x.state, x.batch)
          return [totalLoss(losses), { losses, state }] as const
        })(x.params)
        const detections = model.infer(x.params, x.state, x.batch)
        return { losses: step.auxiliary.losses, gradient: step.gradient, state: step.auxiliary.state, detections }
      }, { ...initial, batch: valuesFor([item([usual]), item([usual])]) })()
    )
    programs.set('step', async (batch) => right(await program.run({ ...initial, batch })()) as unknown as Step)
  })

  const run = (batch: Values): Promise<Step> => programs.get('step')?.(batch) ?? Promise.reject(new Error('not compiled'))

  test.each(Object.entries(batches))('%s: losses, gradients, state and detections are finite', async (_name, items) => {
    const batch = valuesFor(items)
    expectFinite(batch)
    const found = await run(batch)
    expectFinite(found)
    for (const loss of Object.values(found.losses)) expect(Number(loss.data[0])).toBeGreaterThanOrEqual(0)
    // Detections lie inside their images before padding, and those that are padding have no score.
    const { boxes, scores, valid, labels, masks } = found.detections
    expect([boxes.shape, scores.shape, labels.shape, masks.shape]).toEqual([[2, 4, 4], [2, 4], [2, 4], [2, 4, 8, 8]])
    numbersOf(valid).forEach((one, k) => {
      const [x1 = NaN, y1 = NaN, x2 = NaN, y2 = NaN] = numbersOf(boxes).slice(4 * k, 4 * k + 4)
      const own = items[Math.floor(k / 4)]
      if (one === 0) expect(scores.data[k]).toBe(0)
      else expect([x1 >= 0, y1 >= 0, x2 <= (own?.width ?? 0), y2 <= (own?.height ?? 0), x2 > x1, y2 > y1]).toEqual([true, true, true, true, true, true])
    })
  })

  test('without objects nothing is regressed, no mask is learned, and statistics of masks stay', async () => {
    const { losses, gradient, state } = await run(valuesFor([item([]), item([])]))
    expect([losses.loss_rpn_box_reg, losses.loss_box_reg, losses.loss_mask].map((loss) => Number(loss.data[0]))).toEqual([0, 0, 0])
    expect(Number(losses.loss_objectness.data[0])).toBeGreaterThan(0)
    expect(Number(losses.loss_classifier.data[0])).toBeGreaterThan(0)
    for (const { path, leaf } of valuesOf(gradient)) if (path.includes('mask_')) expect(numbersOf(leaf).every((x) => x === 0)).toBe(true)
    const masksOf = (tree: Trees) => valuesOf(tree).filter(({ path }) => path.includes('mask_head')).map(({ leaf }) => numbersOf(leaf))
    expect(masksOf(state).length).toBe(2)
    expect(masksOf(state)).toEqual(masksOf(initial.state))
  })

  test('objects beyond the capacity do not exist', async () => {
    const many = [usual, [1, 1, 9, 9], [20, 4, 30, 12], [10, 18, 30, 30]] as const satisfies readonly Box[]
    expect(await run(valuesFor([item(many), item([usual])]))).toEqual(await run(valuesFor([item(many.slice(0, 3)), item([usual])])))
  })
})

describe('objects that are not what they say are refused', () => {
  const { options } = modelOf('torchvision')
  const refuse = (change: Partial<ImageTargets>): (() => unknown) => () => trainingValues(options, { images, height: 32, width: 32, items: [item([]), { ...item([usual]), ...change }] }, 3, { _tag: 'first' })

  test.each<readonly [string, Partial<ImageTargets>, string]>([
    ['a label of no class', { labels: Int32Array.of(3) }, 'trainingValues: items.1.labels.0: expected 1 … 2, found 3'],
    ['a label of the background', { labels: Int32Array.of(0) }, 'trainingValues: items.1.labels.0: expected 1 … 2, found 0'],
    ['a box too few', { labels: Int32Array.of(1, 2) }, 'trainingValues: items.1.boxes: expected 4 numbers for each of 2 labels, found 4 numbers'],
    ['a corner that is no number', { boxes: Float32Array.of(1, 2, NaN, 4) }, 'trainingValues: items.1.boxes.2: expected a number, found NaN'],
    ['masks of another size', { masks: new Uint8Array(31 * 32) }, 'maskHead: items.1.masks: expected 1 bitmaps of 32 × 32 pixels, found 992 bytes']
  ])('%s', (_name, change, message) => expect(refuse(change)).toThrow(message))
})

describe('settings at their limits', () => {
  const detect = async (model: ReturnType<typeof modelOf>) => {
    const values = { ...model.init(key(0)), batch: inferenceValues({ images, height: 32, width: 32, items: [item([]), item([])] }) }
    const program = right(await compile(referenceDevice())((x) => model.infer(x.params, x.state, x.batch), values)())
    return right(await program.run(values)())
  }

  test('a score threshold of 1 leaves nothing, with masks of zeros’ number all the same', async () => {
    const found = await detect(modelOf('torchvision', { scoreThreshold: 1 }))
    expectFinite(found)
    expect(numbersOf(found.valid)).toEqual(new Array(8).fill(0))
    expect(found.masks.shape).toEqual([2, 4, 8, 8])
  })

  test('one detection an image is the best of those', async () => {
    const [one, four] = [await detect(modelOf('torchvision', { count: 1 })), await detect(modelOf('torchvision'))]
    expect(one.scores.shape).toEqual([2, 1])
    expect(numbersOf(one.scores)).toEqual([four.scores.data[0], four.scores.data[4]].map(Number))
  })

  test('more detections asked for than there are candidates: as many as those', async () => {
    const found = await detect(modelOf('torchvision', { count: 100 }))
    expect(found.scores.shape).toEqual([2, 6 * 2])
    expectFinite(found)
  })

  test('one class of objects', async () => {
    for (const name of ['torchvision', 'detectron2'] as const) {
      const found = await detect(modelOf(name, { classes: 2 }))
      expectFinite(found)
      expect(new Set(numbersOf(found.labels))).toEqual(new Set([1]))
    }
  })

  test('no class of objects is refused', () => {
    expect(() => modelOf('torchvision', { classes: 1 })).toThrow('rcnn: classes: expected at least 2, the background included, found 1')
  })

  test('images smaller than the coarsest stride', async () => {
    const norm = groupNorm(2)
    const model = rcnn({
      ...torchvision,
      backbone: fpn(resnet({ depth: 18, base: 4, norm }), { channels: 4, norm }),
      rpnTargets: { ...torchvision.rpnTargets, batch: 16 },
      sampling: { ...torchvision.sampling, batch: 8 },
      classes: 3,
      heads: { box: boxHead(twoFc({ size: 3, width: 8 })), mask: maskHead(maskConvs({ convs: 1, channels: 4, size: 4, norm })) }
    })
    const small = { images: images.subarray(0, 3 * 8 * 8), height: 8, width: 8, items: [item([[1, 2, 6, 7]], 8, 8)] }
    const values = { ...model.init(key(0)), batch: trainingValues(model.options, small, 2, { _tag: 'random', key: key(1) }) }
    const program = right(await compile(referenceDevice())((x) => ({ losses: model.train(x.params, x.state, x.batch)[0], found: model.infer(x.params, x.state, x.batch) }), values)())
    expectFinite(right(await program.run(values)()))
  })
})
