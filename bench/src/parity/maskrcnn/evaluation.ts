import { either as E } from 'fp-ts'
import { anchorsOf, inferenceValues, pasteMask, scopeOf, torchvision, treesAt } from '@tabula/detection'
import type { MaskRcnn, Trees } from '@tabula/detection'
import { compile, showError } from '@tabula/tensor'
import type { Device, HostValue, Tensor } from '@tabula/tensor'
import { compare } from '../compare.js'
import type { Comparison, Numbers } from '../compare.js'
import type { Json } from '../coco/read.js'
import type { Recording } from '../files.js'
import type { Transformed } from '@tabula/coco/pipeline'
import { transformed } from './model.js'

/** Comparisons by the stage of the network. */
export type Stages = Readonly<Record<string, readonly Comparison[]>>

const near = (largest: number): number => 1e-4 * (1 + largest)
const pixels = (): number => 2e-3
const score = (): number => 1e-4
const probability = (): number => 1e-3
const equal = (): number => 0

/** A recorded map `[N, A·k, H, W]` in the order of the network's rows: image, row, column, anchor, number. */
const byCell = ({ shape: [n = 0, channels = 0, h = 0, w = 0], data }: Numbers, anchors: number): Numbers => {
  const k = channels / anchors
  const rows = Float64Array.from({ length: n * channels * h * w }, (_, index) => {
    const [number, a] = [index % k, Math.floor(index / k) % anchors]
    const cell = Math.floor(index / channels)
    const [x, y, image] = [cell % w, Math.floor(cell / w) % h, Math.floor(cell / (w * h))]
    return data[((image * channels + a * k + number) * h + y) * w + x] ?? NaN
  })
  return { shape: k === 1 ? [n, h * w * anchors] : [n, h * w * anchors, k], data: rows }
}

/** Rows `from` … `from + count` of the first axis. */
const rows = ({ shape, data }: Numbers, from: number, count: number): Numbers => {
  const width = shape.slice(1).reduce((a, b) => a * b, 1)
  return { shape: [count, ...shape.slice(1)], data: Array.from({ length: count * width }, (_, k) => data[from * width + k] ?? NaN) }
}

/** The first `counts[i]` rows of each image, of values with P rows an image. */
const valid = (value: Numbers, perImage: number, counts: readonly number[]): Numbers => {
  const parts = counts.map((count, image) => rows(value, image * perImage, count))
  return { shape: [parts.reduce((sum, { shape: [n = 0] }) => sum + n, 0), ...value.shape.slice(1)], data: parts.flatMap(({ data }) => Array.from(data)) }
}

/** `[N, P, …]` as `[N·P, …]`. */
const merged = ({ shape: [n = 0, p = 0, ...rest], data }: Numbers): Numbers => ({ shape: [n * p, ...rest], data })

/** Everything that one inference computes, by stage. */
export const runInference = async (model: MaskRcnn, weights: { readonly params: Trees; readonly state: Trees }, { batch, height, width, images }: Transformed, device: Device) => {
  const example = { ...weights, batch: inferenceValues({ images: batch, height, width, items: images }) }
  const compiled = await compile(device)((args) => {
    const within = (trees: Trees): Trees => treesAt(treesAt(trees, 'backbone'), 'body')
    const scope = scopeOf('infer', { body: within(args.params) }, { body: within(args.state) })
    const network = model.options.backbone.body ?? model.options.backbone
    const body: readonly Tensor[] = scope.module('body', network.module, args.batch.images)
    return { body, stages: model.stages(args.params, args.state, args.batch), detections: model.infer(args.params, args.state, args.batch) }
  }, example)()
  if (E.isLeft(compiled)) throw new Error(showError(compiled.left))
  const ran = await compiled.right.run(example)()
  if (E.isLeft(ran)) throw new Error(showError(ran.left))
  const { body, stages, detections } = ran.right
  return {
    body,
    detections,
    stage: (name: string): HostValue => {
      const found = stages[name]
      if (found === undefined || !('kind' in found)) throw new Error(`no stage ${name}`)
      return found
    },
    list: (name: string): readonly HostValue[] => {
      const found = stages[name]
      if (found === undefined || 'kind' in found) throw new Error(`no stage ${name}`)
      return found
    }
  }
}

/** Runs inference once and compares everything that is recorded on its way. */
export const compareEvaluation = async (
  config: Json,
  model: MaskRcnn,
  weights: { readonly params: Trees; readonly state: Trees },
  recording: Recording,
  device: Device
): Promise<Stages> => {
  const recorded = (name: string): HostValue => {
    const value = recording.get(name)
    if (value === undefined) throw new Error(`${name} is not recorded`)
    return value
  }
  const input = transformed(config, recording)
  const { batch, height, width, images } = input
  const { body, detections, stage, list } = await runInference(model, weights, input, device)

  const anchorsPerCell = model.options.anchors.ratios.length
  const proposals = stage('proposals')
  const [, perImage = 0] = proposals.shape
  const proposalCounts = images.map((_, i) => recorded(`proposals.${i}`).shape[0] ?? 0)
  const [, detectionsPerImage = 0] = detections.scores.shape
  const detectionCounts = images.map((_, i) => recorded(`roi_result${i}.scores`).shape[0] ?? 0)
  const countsOf = (flags: HostValue, each: number): readonly number[] =>
    images.map((_, i) => Array.from(flags.data.subarray(i * each, (i + 1) * each), Number).reduce((a, b) => a + b, 0))

  const levels = ['0', '1', '2', '3', 'pool']
  const labels = images.flatMap((_, i) => Array.from(recorded(`roi_result${i}.labels`).data, Number))
  const allMaskLogits = recorded('mask_logits')
  const [, classes = 1, mh = 1, mw = 1] = allMaskLogits.shape
  const ownMaskLogits = { shape: [labels.length, mh, mw], data: labels.flatMap((label, d) => Array.from(rows(merged(allMaskLogits), d * classes + label, 1).data)) }
  const first = (name: string, from: HostValue): Comparison => compare(name, rows(from, 0, recorded(name).shape[0] ?? 0), recorded(name), near)

  return {
    transform: [
      compare('batch', { shape: [images.length, 3, height, width], data: batch }, recorded('batch'), near),
      compare('image_sizes', { shape: [images.length, 2], data: images.flatMap((image) => [image.height, image.width]) }, recorded('image_sizes'), equal)
    ],
    body: body.map((map, level) => compare(`body.${level}`, map, recorded(`body.${level}`), near)),
    fpn: list('fpn').map((map, level) => compare(`fpn.${levels[level]}`, map, recorded(`fpn.${levels[level]}`), near)),
    rpn: [
      ...list('rpn.logits').map((map, level) => compare(`rpn.objectness.${level}`, map, byCell(recorded(`rpn.objectness.${level}`), anchorsPerCell), near)),
      ...list('rpn.deltas').map((map, level) => compare(`rpn.deltas.${level}`, map, byCell(recorded(`rpn.deltas.${level}`), anchorsPerCell), near))
    ],
    anchors: [
      (() => {
        const { perLevel, count } = anchorsOf(model.options, height, width)
        return compare('anchors', { shape: [count, 4], data: perLevel.flatMap((level) => Array.from(level)) }, recorded('anchors'), pixels)
      })()
    ],
    proposals: [
      compare('number of proposals', { shape: [images.length], data: countsOf(stage('proposals.valid'), perImage) }, { shape: [images.length], data: proposalCounts }, equal),
      ...images.flatMap((_, i) => [
        compare(`proposals.${i}`, rows(merged(proposals), i * perImage, proposalCounts[i] ?? 0), recorded(`proposals.${i}`), pixels),
        compare(`proposal_scores.${i}`, rows(merged(stage('proposals.scores')), i * perImage, proposalCounts[i] ?? 0), recorded(`proposal_scores.${i}`), score)
      ])
    ],
    'box head': [
      first('box_pool.first4', stage('box_pool')),
      ...(['box_features', 'class_logits', 'box_regression'] as const).map((name) => compare(name, valid(stage(name), perImage, proposalCounts), recorded(name), near))
    ],
    'mask head': [
      first('mask_pool.first4', stage('mask_pool')),
      first('mask_features.first4', stage('mask_features')),
      compare('mask_logits', valid(stage('mask_logits'), detectionsPerImage, detectionCounts), ownMaskLogits, near)
    ],
    detections: [
      compare('number of detections', { shape: [images.length], data: countsOf(detections.valid, detectionsPerImage) }, { shape: [images.length], data: detectionCounts }, equal),
      ...images.flatMap((image, i) => {
        const own = (value: Numbers): Numbers => rows(merged(value), i * detectionsPerImage, detectionCounts[i] ?? 0)
        const [boxes, masks] = [own(detections.boxes), own(detections.masks)]
        const [, ih = 1, iw = 1] = recorded(`image${i}`).shape
        const inInput = { shape: boxes.shape, data: Array.from(boxes.data, (x, k) => x * (k % 2 === 0 ? iw / image.width : ih / image.height)) }
        const wantedMasks = recorded(`roi_result${i}.masks`)
        const pasted = Array.from({ length: detectionCounts[i] ?? 0 }, (_, d) => {
          const [x1 = 0, y1 = 0, x2 = 0, y2 = 0] = inInput.data.slice(4 * d, 4 * d + 4)
          return pasteMask(torchvision.paste, { probabilities: rows(masks, d, 1).data, side: masks.shape[1] ?? 0 }, [x1, y1, x2, y2], { height: ih, width: iw })
        })
        const soft = recorded(`result${i}.soft_masks_first3`)
        const over = recorded(`result${i}.masks_over_half`)
        const differing = pasted.reduce((sum, mask, d) => sum + mask.reduce((s, x, p) => s + ((x >= 0.5 ? 1 : 0) === (over.data[d * ih * iw + p] ?? 0) ? 0 : 1), 0), 0)
        return [
          compare(`roi_result${i}.boxes`, boxes, recorded(`roi_result${i}.boxes`), pixels),
          compare(`roi_result${i}.labels`, own(detections.labels), recorded(`roi_result${i}.labels`), equal),
          compare(`roi_result${i}.scores`, own(detections.scores), recorded(`roi_result${i}.scores`), score),
          compare(`roi_result${i}.masks`, { shape: wantedMasks.shape, data: masks.data }, wantedMasks, probability),
          compare(`result${i}.boxes`, inInput, recorded(`result${i}.boxes`), pixels),
          compare(`result${i}.soft_masks_first3`, { shape: soft.shape, data: pasted.slice(0, soft.shape[0] ?? 0).flatMap((mask) => Array.from(mask)) }, soft, probability),
          { what: `result${i}.masks_over_half (share of pixels)`, error: differing / Math.max(1, over.data.length), tolerance: 1e-3 }
        ]
      })
    ]
  }
}
