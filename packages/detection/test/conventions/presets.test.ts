import { describe, expect, test } from 'vitest'
import { either as E } from 'fp-ts'
import { fromStateDict, noNorm, toStateDict } from '@tabula/nn'
import { compile, floats, key, showError } from '@tabula/tensor'
import type { HostValue } from '@tabula/tensor'
import { referenceDevice } from '@tabula/tensor/reference'
import { boxHead, boxLosses, boxPredictor, detectBoxes, detectron, detectron2, fpn, maskConvs, maskHead, maskTargets, poolRegions, rcnn, resnet, rpnLosses, torchvision, trainingValues, twoFc } from '../../src/index.js'
import type { BoxPrediction, SampledRois } from '../../src/index.js'
import { doubles, integersOf, numbersOf, truths } from '../support/evaluate.js'

const presets = { torchvision, detectron, detectron2 }

/** A tiny Mask R-CNN of 3 classes in the conventions of a preset. */
const modelOf = (preset: (typeof presets)[keyof typeof presets]) =>
  rcnn({
    ...preset,
    backbone: fpn(resnet({ blocks: [1, 1], block: 'basic', base: 4, norm: noNorm }), { channels: 4, norm: noNorm }),
    anchors: { ...preset.anchors, sizes: [[8], [16], [24]] },
    rpnTargets: { ...preset.rpnTargets, batch: 16 },
    trainProposals: { ...preset.trainProposals, preNms: 20, postNms: 12 },
    testProposals: { ...preset.testProposals, preNms: 20, postNms: 6 },
    sampling: { ...preset.sampling, batch: 8 },
    detections: { ...preset.detections, count: 4, scoreThreshold: 0 },
    classes: 3,
    heads: { box: boxHead(twoFc({ size: 3, width: 8 })), mask: maskHead(maskConvs({ convs: 1, channels: 4, size: 4, norm: noNorm })) }
  })

const right = <A>(outcome: E.Either<Parameters<typeof showError>[0], A>): A => {
  if (E.isLeft(outcome)) throw new Error(showError(outcome.left))
  return outcome.right
}

const item = (() => {
  const masks = new Uint8Array(32 * 32)
  for (let y = 8; y < 20; y++) masks.fill(1, y * 32 + 4, y * 32 + 16)
  return { height: 32, width: 32, boxes: Float32Array.of(4, 8, 16, 20), labels: Int32Array.of(2), masks }
})()
const images = Float32Array.from({ length: 3 * 32 * 32 }, (_, k) => Math.sin(k / 7))

describe.each(['torchvision', 'detectron', 'detectron2'] as const)('%s', (name) => {
  const model = modelOf(presets[name])

  test('a whole network trains and infers; boxes come out inside the image, corners exclusive', async () => {
    const batch = trainingValues(model.options, { images, height: 32, width: 32, items: [item] }, 2, { _tag: 'random', key: key(1) })
    const values = { ...model.init(key(0)), batch }
    const program = right(await compile(referenceDevice())((x) => ({ losses: model.train(x.params, x.state, x.batch)[0], found: model.infer(x.params, x.state, x.batch) }), values)())
    const { losses, found } = right(await program.run(values)())
    for (const value of Object.values<HostValue>({ ...losses })) expect(Number.isFinite(value.data[0])).toBe(true)
    expect(Object.keys(losses).sort()).toEqual(['loss_box_reg', 'loss_classifier', 'loss_mask', 'loss_objectness', 'loss_rpn_box_reg'])
    const valid = Array.from(found.valid.data, Number)
    expect(valid).toContain(1)
    valid.forEach((one, k) => {
      if (one === 0) return
      const [x1 = NaN, y1 = NaN, x2 = NaN, y2 = NaN] = Array.from(found.boxes.data, Number).slice(4 * k, 4 * k + 4)
      expect(x1 >= 0 && y1 >= 0 && x2 <= 32 && y2 <= 32 && x2 > x1 && y2 > y1).toBe(true)
    })
    // Ground truth enters with exclusive corners; inside, Detectron's last pixels count.
    expect(Array.from(batch.boxes.data).slice(0, 4)).toEqual(name === 'detectron' ? [4, 8, 15, 19] : [4, 8, 16, 20])
    const drawn = Array.from(batch.rpnWeight.data).filter((weight) => weight > 0)
    expect(drawn[0]).toBeCloseTo(name === 'torchvision' ? 1 / drawn.length : 1 / 16, 6)
  })

  test('its weights have the reference system’s names and shapes', () => {
    const { params } = model.init(key(0))
    const dict = toStateDict(params)
    const objects = name === 'detectron2' ? 2 : 3
    expect(dict['roi_heads.box_predictor.cls_score.weight']?.shape).toEqual([3, 8])
    expect(dict['roi_heads.box_predictor.bbox_pred.weight']?.shape).toEqual([4 * objects, 8])
    expect(dict['roi_heads.mask_predictor.mask_fcn_logits.weight']?.shape).toEqual([objects, 4, 1, 1])
    expect(Object.keys(dict)).toEqual(Object.keys(toStateDict(modelOf(torchvision).init(key(0)).params)))
  })
})

describe('layouts of the predictor', () => {
  /** What a predictor makes of zeros: its biases, which count up. */
  const predicted = async (layout: typeof torchvision.layout | typeof detectron2.layout, agnostic: boolean) => {
    const { module } = boxPredictor(2, 4, { layout, agnostic })
    const { params, state } = module.init(key(0), '')
    const filled = fromStateDict()(params, Object.fromEntries(Object.entries(toStateDict(params)).map(([name, { shape }]) => [name, floats(shape, Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, k) => (name.endsWith('bias') ? k : 0)))])))
    if (E.isLeft(filled)) throw new Error(filled.left.message)
    const values = { params: filled.right, state, x: floats([1, 2], [0, 0]) }
    const program = right(await compile(referenceDevice())((v) => module.apply('infer', v.params, v.state, v.x)[0], values)())
    const { logits, deltas } = right(await program.run(values)())
    return { logits: Array.from(logits.data), deltas: Array.from(deltas.data) }
  }

  test('the background first: logits and boxes as they are', async () => {
    expect(await predicted(torchvision.layout, false)).toEqual({ logits: [0, 1, 2, 3], deltas: Array.from({ length: 16 }, (_, k) => k) })
  })
  test('the background last: its logit comes first', async () => {
    expect(await predicted(detectron2.layout, false)).toEqual({ logits: [3, 0, 1, 2], deltas: Array.from({ length: 12 }, (_, k) => k) })
  })
  test('one box for all classes: the second of two in Detectron, the only one in detectron2', async () => {
    expect((await predicted(detectron.layout, true)).deltas).toEqual([4, 5, 6, 7])
    expect((await predicted(detectron2.layout, true)).deltas).toEqual([0, 1, 2, 3])
  })

  /** One region at its object, moved by deltas that all layouts can say. */
  const shared = [0.1, -0.2, 0.3, 0.05]
  const prediction = (boxes: number): BoxPrediction => ({ logits: doubles([1, 3], [0, 1, 2]), deltas: doubles([1, 4 * boxes], Array.from({ length: boxes }, () => shared).flat()) })
  const one = doubles([1], [1])
  const region: SampledRois = {
    boxes: doubles([1, 4], [0, 0, 10, 10]),
    image: integersOf([0]),
    valid: one,
    positive: one,
    labels: integersOf([2]),
    object: integersOf([0]),
    targets: doubles([1, 4], [0, 0, 0, 0]),
    count: doubles([], [1])
  }

  test('whose boxes agree have the same losses and detections', () => {
    const losses = [3, 2, 1].map((boxes) => numbersOf(boxLosses(prediction(boxes), region, 3, 0).box))
    // L1: the sum of the four distances.
    for (const loss of losses) expect(loss[0]).toBeCloseTo(0.65, 12)
    expect(numbersOf(boxLosses(prediction(3), region, 3, 1).box)[0]).toBeCloseTo((0.01 + 0.04 + 0.09 + 0.0025) / 2, 12)
    const proposals = { boxes: doubles([1, 1, 4], [20, 20, 40, 40]), scores: doubles([1, 1], [1]), valid: truths([1, 1], [1]) }
    const detected = [3, 2, 1].map((boxes) => numbersOf(detectBoxes(prediction(boxes), proposals, doubles([1, 2], [100, 100]), 3, [1, 1, 1, 1], torchvision.detections).boxes))
    const [w, h] = [20 * Math.exp(0.3), 20 * Math.exp(0.05)]
    const box = [32 - w / 2, 26 - h / 2, 32 + w / 2, 26 + h / 2]
    for (const found of detected) expect(found).toEqual([...box, ...box].map((x) => expect.closeTo(x, 9)))
  })
})

describe('mask targets', () => {
  // The left half of 4 × 4 pixels, seen by a region of 4 × 4 cells around all of it.
  const masks = truths([1, 4, 4], Array.from({ length: 16 }, (_, k) => (k % 4 < 2 ? 1 : 0)))
  const regions = { boxes: doubles([1, 4], [0, 0, 4, 4]), maskRow: integersOf([0]) }
  const firstRow = (convention: Parameters<typeof maskTargets>[3]): readonly number[] => numbersOf(maskTargets(regions, masks, 4, convention)).slice(0, 4)

  test("torchvision's are soft, half a pixel off", () => expect(firstRow(torchvision.maskTargets)).toEqual([1, 0.5, 0, 0]))
  test("detectron2's are bits, in place", () => expect(firstRow(detectron2.maskTargets)).toEqual([1, 1, 0, 0]))
})

describe("what the proposal network's losses are divided by", () => {
  // Two images of one object each; Detectron leaves anchors out that leave the second, smaller image, so it draws fewer there.
  const small = { ...item, height: 16, width: 16, boxes: Float32Array.of(2, 2, 12, 12), masks: item.masks.subarray(0, 256) }
  const batchOf = (name: keyof typeof presets) => {
    const model = modelOf(presets[name])
    const batch = trainingValues({ ...model.options, rpnTargets: { ...model.options.rpnTargets, batch: 64 } }, { images: new Float32Array(2 * 3 * 32 * 32), height: 32, width: 32, items: [item, small] }, 2, { _tag: 'random', key: key(1) })
    const [weight, label, box] = [batch.rpnWeight, batch.rpnLabel, batch.rpnBoxWeight].map(({ data }) => Array.from(data, Number))
    const rows = (image: number) => Array.from({ length: 64 }, (_, k) => 64 * image + k)
    return { weights: [...new Set(weight)].filter((x) => x > 0), drawn: [0, 1].map((image) => rows(image).filter((k) => (weight?.[k] ?? 0) > 0).length), boxes: [0, 1].map((image) => [...new Set(rows(image).flatMap((k) => (label?.[k] === 1 ? [box?.[k] ?? NaN] : [])))]), idle: rows(0).concat(rows(1)).filter((k) => label?.[k] !== 1).every((k) => box?.[k] === 0) }
  }
  const close = (x: number) => expect.closeTo(x, 7)

  test('torchvision: the anchors drawn in the batch', () => {
    const { weights, drawn: [a = 0, b = 0], boxes, idle } = batchOf('torchvision')
    expect([weights, boxes, idle]).toEqual([[close(1 / (a + b))], [[close(1 / (a + b))], [close(1 / (a + b))]], true])
  })
  test('detectron2: images · batch', () => {
    const { weights, boxes, idle } = batchOf('detectron2')
    expect([weights, boxes, idle]).toEqual([[close(1 / 128)], [[close(1 / 128)], [close(1 / 128)]], true])
  })
  test("Detectron: images · batch for objectness; for boxes each image's anchors drawn, then the images", () => {
    const { weights, drawn: [a = 0, b = 0], boxes, idle } = batchOf('detectron')
    expect(a).not.toBe(b)
    expect([weights, boxes, idle]).toEqual([[close(1 / 128)], [[close(1 / (2 * a))], [close(1 / (2 * b))]], true])
  })
})

describe('how far a distance counts', () => {
  const prediction = { logits: doubles([1, 1], [0]), deltas: doubles([1, 1, 4], [0.5, 0, 0, 0]) }
  const truth = { rpnLabel: doubles([1, 1], [1]), rpnWeight: doubles([1, 1], [1]), rpnBox: doubles([1, 1, 4], [0, 0, 0, 0]), rpnBoxWeight: doubles([1, 1], [1]) }
  test('in the proposal network: beyond 1/9 by itself less half of that, or by itself', () => {
    const losses = [torchvision, detectron, detectron2].map(({ rpnLoss }) => numbersOf(rpnLosses(prediction, truth, rpnLoss.beta).box)[0])
    expect(losses).toEqual([0.5 - 1 / 18, 0.5 - 1 / 18, 0.5].map((x) => expect.closeTo(x, 12)))
  })
  test('in the box head: 1/9, 1, 0', () => {
    const one = doubles([1], [1])
    const region: SampledRois = { boxes: doubles([1, 4], [0, 0, 10, 10]), image: integersOf([0]), valid: one, positive: one, labels: integersOf([1]), object: integersOf([0]), targets: doubles([1, 4], [0, 0, 0, 0]), count: doubles([], [1]) }
    const of = ({ boxLoss }: (typeof presets)[keyof typeof presets]) => numbersOf(boxLosses({ logits: doubles([1, 2], [0, 0]), deltas: doubles([1, 8], [0, 0, 0, 0, 0.5, 0, 0, 0]) }, region, 2, boxLoss.beta).box)[0]
    expect([torchvision, detectron, detectron2].map(of)).toEqual([0.5 - 1 / 18, 0.125, 0.5].map((x) => expect.closeTo(x, 12)))
  })
})

describe('how a region is pooled', () => {
  // A map that is its own column number, at stride 1: a pooled cell is the mean column of its samples.
  const [high, wide] = [12, 12]
  const map = doubles([1, 1, high, wide], Array.from({ length: high * wide }, (_, k) => k % wide))
  const rowOf = ({ pooling, offset }: (typeof presets)[keyof typeof presets], box: readonly number[], size: number) =>
    numbersOf(poolRegions([map], doubles([1, 4], box), integersOf([0]), { ...pooling, offset, finestLevel: 0, levels: 1, scales: [1], size })).slice(0, size)

  test('torchvision and Detectron: column x is at x; detectron2: at x + ½', () => {
    for (const preset of [torchvision, detectron]) expect(rowOf(preset, [2, 2, 6, 6], 2)).toEqual([3, 5])
    expect(rowOf(detectron2, [2, 2, 6, 6], 2)).toEqual([2.5, 4.5])
  })
  test('a region is at least one cell high and wide, but in detectron2', () => {
    for (const preset of [torchvision, detectron]) expect(rowOf(preset, [4, 4, 4.5, 4.5], 1)).toEqual([4.5])
    expect(rowOf(detectron2, [4, 4, 4.5, 4.5], 1)).toEqual([3.75])
  })
  test('detectron2 samples a cell as often as it is wide, the others twice', () => {
    // x² is not linear between cells: the mean of many samples differs from that of two.
    const squares = doubles([1, 1, high, wide], Array.from({ length: high * wide }, (_, k) => (k % wide) ** 2))
    const cell = ({ pooling, offset }: (typeof presets)[keyof typeof presets], shift: number) =>
      numbersOf(poolRegions([squares], doubles([1, 4], [1 + shift, 1 + shift, 9 + shift, 9 + shift]), integersOf([0]), { ...pooling, offset, finestLevel: 0, levels: 1, scales: [1], size: 1 }))[0]
    expect(cell(torchvision, 0)).toBeCloseTo((3 ** 2 + 7 ** 2) / 2, 12)
    expect(cell(detectron2, 0.5)).toBeCloseTo(Array.from({ length: 8 }, (_, k) => (k + 1.5) ** 2 + 0.25).reduce((a, b) => a + b, 0) / 8, 12)
  })
})

describe('which detections go', () => {
  /** Scores of detections of one class at these boxes, in order of score, which no delta moves. */
  const kept = ({ detections, offset }: (typeof presets)[keyof typeof presets], boxes: readonly (readonly number[])[], scores: readonly number[]): number => {
    const logits = doubles([boxes.length, 2], scores.flatMap((p) => [0, Math.log(p / (1 - p))]))
    const deltas = doubles([boxes.length, 8], new Array<number>(boxes.length * 8).fill(0))
    const proposals = { boxes: doubles([1, boxes.length, 4], boxes.flat()), scores: doubles([1, boxes.length], scores), valid: truths([1, boxes.length], boxes.map(() => 1)) }
    return numbersOf(detectBoxes({ logits, deltas }, proposals, doubles([1, 2], [50, 50]), 2, [10, 10, 5, 5], detections, offset).valid).reduce((a, b) => a + b, 0)
  }

  test('an overlap of exactly one half goes in Detectron only', () => {
    expect(kept(detectron, [[0, 0, 3, 3], [0, 0, 3, 1]], [0.9, 0.8])).toBe(1)
    for (const preset of [detectron2, torchvision]) expect(kept(preset, [[0, 0, 4, 4], [0, 0, 4, 2]], [0.9, 0.8])).toBe(2)
  })
  test('a score must be above 0.05', () => {
    for (const preset of [detectron, detectron2, torchvision]) expect([kept(preset, [[0, 0, 4, 4]], [0.0499]), kept(preset, [[0, 0, 4, 4]], [0.0501])]).toEqual([0, 1])
  })
  test('a box without sides is one of one pixel in Detectron, none in the others; torchvision asks for a hundredth of a pixel', () => {
    expect([detectron, detectron2, torchvision].map((preset) => kept(preset, [[4, 4, 4, 4]], [0.9]))).toEqual([1, 0, 0])
    expect([detectron2, torchvision].map((preset) => kept(preset, [[4, 4, 4.005, 8]], [0.9]))).toEqual([1, 0])
  })
})

test('the table of differences (He et al. 2018; the systems’ configurations)', () => {
  const row = <T>(of: (preset: (typeof presets)[keyof typeof presets]) => T): readonly T[] => [of(detectron), of(detectron2), of(torchvision)]
  expect(row(({ offset }) => offset)).toEqual([1, 0, 0])
  expect(row(({ layout }) => layout.background)).toEqual(['first', 'last', 'first'])
  expect(row(({ pooling }) => [pooling.samplingRatio, pooling.aligned])).toEqual([[2, false], [0, true], [2, false]])
  expect(row(({ rpnLoss, boxLoss }) => [rpnLoss.beta, boxLoss.beta])).toEqual([[1 / 9, 1], [0, 0], [1 / 9, 1 / 9]])
  expect(row(({ trainProposals }) => [trainProposals.postNms, trainProposals.over])).toEqual([[2000, 'batch'], [1000, 'image'], [2000, 'image']])
  expect(row(({ detections }) => detections.inclusive)).toEqual([true, false, false])
  expect([detectron.rpnTargets.straddle, 'straddle' in detectron2.rpnTargets, 'straddle' in torchvision.rpnTargets]).toEqual([0, false, false])
})
