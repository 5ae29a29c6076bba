import { either as E } from 'fp-ts'
import { valueAndGradWithAux } from '@tabula/autodiff'
import { anchorsOf, boxHead, fpn, maskConvs, maskHead, pasteMask, rcnn, resnet, torchvision, totalLoss, trainingValues, twoFc } from '@tabula/detection'
import type { MaskRcnn, Trees } from '@tabula/detection'
import { rcnnTransform } from '@tabula/coco/pipeline'
import { frozenBatchNorm, groupNorm, noNorm, toStateDict } from '@tabula/nn'
import { compile, floats, showError, sizeOf } from '@tabula/tensor'
import type { Device, HostValue } from '@tabula/tensor'
import { isRecord, numberOf, numbersOf, rowsOf, textOf } from '../coco/read.js'
import type { Json } from '../coco/read.js'
import type { Comparison, Numbers } from '../compare.js'
import { runInference } from './evaluation.js'
import type { Stages } from './evaluation.js'
import { weightsOf } from './model.js'

/** 32-bit FNV-1a of a name. */
const hashOf = (name: string): number => new TextEncoder().encode(name).reduce((hash, byte) => Math.imul(hash ^ byte, 0x01000193) >>> 0, 0x811c9dc5)

/** The i-th number in [−1, 1) of a named sequence, i = 1, 2 …: an integer hash, the same in every language. */
const uniform = (key: number, i: number): number => {
  let x = (Math.imul(i, 0x9e3779b1) + key) >>> 0
  x = Math.imul(x ^ (x >>> 16), 0x85ebca6b) >>> 0
  x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35) >>> 0
  x = (x ^ (x >>> 16)) >>> 0
  return (x >>> 8) / 2 ** 23 - 1
}

/** A rule such as `u * a, a = 0.2`, `1/4 + u / 16` or `u / 8`, as a function of u. */
const ruleOf = (text: string): ((u: number) => number) => {
  const scaled = /^u \* a, a = (\S+)$/.exec(text)
  if (scaled !== null) return (u) => u * Number(scaled[1])
  const shifted = /^(?:(\d+)(?:\/(\d+))? \+ )?u \/ (\d+)$/.exec(text)
  if (shifted === null) throw new Error(`the rule ${text} is unknown`)
  const [, numerator = '0', denominator = '1', divisor = '1'] = shifted
  return (u) => Number(numerator) / Number(denominator) + u / Number(divisor)
}

const generated = (name: string, shape: readonly number[], rule: (u: number) => number): HostValue<'f32'> => {
  const key = hashOf(name)
  return floats(shape, Float32Array.from({ length: sizeOf(shape) }, (_, index) => rule(uniform(key, index + 1))))
}

const weightsIn = (json: Json): ReadonlyMap<string, HostValue> => {
  const rows = json['weights']
  if (!Array.isArray(rows)) throw new Error('weights: expected a list')
  return new Map(rows.map((row: readonly unknown[]) => [String(row[0]), generated(String(row[0]), numbersOf(row[1], 'shape'), ruleOf(String(row[2])))]))
}

/** torchvision's Mask R-CNN, with frozen or group normalization in the body. */
const modelOf = (json: Json, grouped: boolean): MaskRcnn => {
  const body = grouped ? resnet({ depth: 50, norm: groupNorm(32) }) : resnet({ depth: 50, norm: frozenBatchNorm() })
  const proposals = { ...torchvision.trainProposals, preNms: numberOf(json, 'rpn_pre_nms_top_n'), postNms: numberOf(json, 'rpn_post_nms_top_n') }
  return rcnn({
    ...torchvision,
    backbone: fpn(body, { channels: 256, norm: noNorm }),
    heads: { box: boxHead(twoFc()), mask: maskHead(maskConvs({ norm: noNorm })) },
    classes: 91,
    trainProposals: proposals,
    testProposals: proposals,
    rpnTargets: { ...torchvision.rpnTargets, batch: numberOf(json, 'rpn_batch') },
    sampling: { ...torchvision.sampling, batch: numberOf(json, 'roi_batch') },
    detections: { ...torchvision.detections, count: numberOf(json, 'detections_per_img') }
  })
}

/** How far samples of a value may be from the recorded ones, by the largest recorded magnitude. */
type Tolerance = (absmax: number) => number

/** Compares a value with its digest: shape, samples and Euclidean norm; of whole numbers the sum and the first ones. */
const compareDigest = (what: string, found: Numbers | undefined, digest: unknown, tolerance: Tolerance): Comparison => {
  if (!isRecord(digest)) return { what, error: Infinity, tolerance: 0, note: `${what} is not recorded` }
  if (found === undefined) return { what, error: Infinity, tolerance: 0, note: `${what} is missing` }
  const shape = numbersOf(digest['shape'], 'shape')
  if (shape.join() !== found.shape.join()) return { what, error: Infinity, tolerance: 0, note: `${what} has shape [${found.shape.join()}], recorded [${shape.join()}]` }
  const data = Array.from(found.data)
  if (digest['dtype'] === 'int') {
    const first = numbersOf(digest['first'], 'first')
    const sum = data.reduce((a, b) => a + b, 0)
    return { what, error: Math.abs(sum - numberOf(digest, 'sum')) + first.filter((x, k) => x !== data[k]).length, tolerance: 0 }
  }
  const values = numbersOf(digest['value'], 'value')
  const limit = tolerance(numberOf(digest, 'absmax'))
  const ofSamples = Math.max(0, ...numbersOf(digest['index'], 'index').map((at, k) => Math.abs((data[at] ?? NaN) - (values[k] ?? NaN))))
  const l2 = Math.sqrt(data.reduce((a, b) => a + b * b, 0))
  const wanted = numberOf(digest, 'l2')
  // The norm's relative error, on the scale of the samples.
  const ofNorm = wanted === 0 ? l2 : (Math.abs(l2 - wanted) / wanted) * (limit / 1e-3)
  const error = Math.max(ofSamples, ofNorm)
  return { what, error: Number.isNaN(error) ? Infinity : error, tolerance: limit }
}

/** `[N, H·W·A, k]` (or without k) as the reference stores it: `[N, A·k, H, W]`. */
const asMap = ({ shape: [n = 0, count = 0, k = 1], data }: Numbers, anchors: number, h: number, w: number): Numbers => ({
  shape: [n, anchors * k, h, w],
  data: Float64Array.from({ length: n * count * k }, (_, index) => {
    const [x, y] = [index % w, Math.floor(index / w) % h]
    const channel = Math.floor(index / (w * h)) % (anchors * k)
    const image = Math.floor(index / (w * h * anchors * k))
    return data[((image * h * w + y * w + x) * anchors + Math.floor(channel / k)) * k + (channel % k)] ?? NaN
  })
})

const flatRows = ({ shape: [n = 0, p = 0, ...rest], data }: Numbers): Numbers => ({ shape: [n * p, ...rest], data })

const features: Tolerance = (absmax) => 1e-3 * absmax
const boxes: Tolerance = () => 0.01
const scores: Tolerance = () => 1e-3

/** Only the detected class's mask is computed: of the recorded samples, those of that class. */
const compareOwnMasks = (found: Numbers, labels: ArrayLike<number>, digest: unknown): Comparison => {
  const what = 'mask_logits (own class)'
  if (!isRecord(digest)) return { what, error: Infinity, tolerance: 0, note: 'mask_logits is not recorded' }
  const [, classes = 1, h = 1, w = 1] = numbersOf(digest['shape'], 'shape')
  const values = numbersOf(digest['value'], 'value')
  const errors = numbersOf(digest['index'], 'index').map((at, k) => {
    const [pixel, channel, d] = [at % (h * w), Math.floor(at / (h * w)) % classes, Math.floor(at / (h * w * classes))]
    return channel === labels[d] ? Math.abs((found.data[d * h * w + pixel] ?? NaN) - (values[k] ?? NaN)) : 0
  })
  return { what, error: Math.max(0, ...errors), tolerance: features(numberOf(digest, 'absmax')) }
}

const compareInference = async (model: MaskRcnn, weights: { readonly params: Trees; readonly state: Trees }, input: ReturnType<typeof rcnnTransform>, wanted: Json, device: Device): Promise<Stages> => {
  const { height, width, batch } = input
  const { body, detections, stage, list } = await runInference(model, weights, input, device)
  const check = (name: string, found: Numbers, tolerance: Tolerance = features): Comparison => compareDigest(name, found, wanted[name], tolerance)
  const anchors = model.options.anchors.ratios.length
  const maps = list('fpn')
  const sides = (level: number): readonly [number, number] => [maps[level]?.shape[2] ?? 0, maps[level]?.shape[3] ?? 0]
  const own = flatRows
  const { perLevel, count } = anchorsOf(model.options, height, width)
  const [found, masks] = [own(detections.boxes), own(detections.masks)]
  const [d = 0, mh = 1, mw = 1] = masks.shape
  const pasted = Array.from({ length: d }, (_, k) => {
    const [x1 = 0, y1 = 0, x2 = 0, y2 = 0] = Array.from(found.data).slice(4 * k, 4 * k + 4)
    return pasteMask(torchvision.paste, { probabilities: masks.data, start: k * mh * mw, side: mh }, [x1, y1, x2, y2], { height, width })
  })
  return {
    transform: [check('batch', { shape: [1, 3, height, width], data: batch })],
    body: body.map((map, level) => check(`body.${level}`, map)),
    fpn: maps.map((map, level) => check(level < 4 ? `fpn.${level}` : 'fpn.pool', map)),
    rpn: [
      ...list('rpn.logits').map((map, level) => check(`rpn.objectness.${level}`, asMap({ ...map, shape: [...map.shape, 1] }, anchors, ...sides(level)))),
      ...list('rpn.deltas').map((map, level) => check(`rpn.deltas.${level}`, asMap(map, anchors, ...sides(level))))
    ],
    anchors: [check('anchors', { shape: [count, 4], data: perLevel.flatMap((level) => Array.from(level)) }, boxes)],
    proposals: [check('proposals.0', own(stage('proposals')), boxes), check('proposal_scores.0', own(stage('proposals.scores')), scores)],
    'box head': (['box_pool', 'box_features', 'class_logits', 'box_regression'] as const).map((name) => check(name, stage(name))),
    'mask head': [check('mask_pool', stage('mask_pool')), check('mask_features', stage('mask_features')), compareOwnMasks(stage('mask_logits'), detections.labels.data, wanted['mask_logits'])],
    detections: [
      check('roi_result0.boxes', found, boxes),
      check('roi_result0.labels', own(detections.labels)),
      check('roi_result0.scores', own(detections.scores), scores),
      check('roi_result0.masks', { shape: [d, 1, mh, mw], data: masks.data }, scores),
      check('result0.soft_masks_first3', { shape: [3, 1, height, width], data: pasted.slice(0, 3).flatMap((mask) => Array.from(mask)) }, scores)
    ]
  }
}

const compareTraining = async (
  model: MaskRcnn,
  weights: { readonly params: Trees; readonly state: Trees },
  input: ReturnType<typeof rcnnTransform>,
  json: Json,
  device: Device
): Promise<Stages> => {
  const labels = Int32Array.from(numbersOf(json['gt_labels'], 'gt_labels'))
  const items = input.images.map((image) => ({ ...image, boxes: Float32Array.from(image.boxes), labels }))
  const batch = trainingValues(model.options, { images: input.batch, height: input.height, width: input.width, items }, labels.length, { _tag: 'first' })
  const example = { ...weights, batch }
  const compiled = await compile(device)((args) => {
    const { auxiliary, gradient } = valueAndGradWithAux((params: Trees) => {
      const [losses] = model.train(params, args.state, args.batch)
      return [totalLoss({ ...losses }), losses] as const
    })(args.params)
    return { losses: auxiliary, gradient }
  }, example)()
  if (E.isLeft(compiled)) throw new Error(showError(compiled.left))
  const ran = await compiled.right.run(example)()
  if (E.isLeft(ran)) throw new Error(showError(ran.left))
  const losses: Readonly<Record<string, HostValue>> = { ...ran.right.losses }
  const gradients = toStateDict(ran.right.gradient)
  const [wantedLosses, wantedGradients] = [json['losses'], json['gradients']]
  if (!isRecord(wantedLosses) || !isRecord(wantedGradients)) throw new Error('losses and gradients: expected records')
  return {
    losses: Object.keys(wantedLosses).map((name) => {
      const want = numberOf(wantedLosses, name)
      return { what: name, error: Math.abs((losses[name]?.data[0] ?? Infinity) - want), tolerance: 1e-4 * Math.abs(want) }
    }),
    gradients: Object.entries(wantedGradients).map(([name, digest]) => compareDigest(name, gradients[name], digest, features))
  }
}

/** A real ResNet-50 model beside its digests: inference, then one training pass. */
export const compareFull = async (json: Json, device: Device): Promise<Stages> => {
  const image = json['image']
  if (!isRecord(image)) throw new Error('image: expected a record')
  const shape = numbersOf(image['shape'], 'shape')
  const [, height = 0, width = 0] = shape
  const weights = weightsIn(json)
  const model = modelOf(json, !weights.has('backbone.body.bn1.running_var'))
  const trees = weightsOf(model, weights)
  const rectangles = rowsOf(json['gt_mask_rectangles_xyxy'], 'gt_mask_rectangles_xyxy')
  const masks = rectangles.flatMap(([x1 = 0, y1 = 0, x2 = 0, y2 = 0]) =>
    Array.from({ length: height * width }, (_, p) => (p % width >= x1 && p % width < x2 && Math.floor(p / width) >= y1 && Math.floor(p / width) < y2 ? 1 : 0))
  )
  const pixels = generated(textOf(image, 'name'), shape, (u) => (u + 1) / 2)
  const input = rcnnTransform(
    { minSize: numberOf(json, 'min_size'), maxSize: numberOf(json, 'max_size'), mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225], sizeDivisible: 32 },
    [{ height, width, image: Float32Array.from(pixels.data), boxes: Float32Array.from(rowsOf(json['gt_boxes'], 'gt_boxes').flat()), masks: Uint8Array.from(masks) }]
  )
  const wanted = json['eval']
  if (!isRecord(wanted)) throw new Error('eval: expected a record')
  return { ...(await compareInference(model, trees, input, wanted, device)), ...(await compareTraining(model, trees, input, json, device)) }
}
