import { either as E } from 'fp-ts'
import { boxHead, convsOneFc, fpn, maskConvs, maskHead, rcnn, resnet, torchvision, twoFc } from '@tabula/detection'
import type { Backbone, ImageTargets, MaskRcnn, Trees } from '@tabula/detection'
import { rcnnTransform } from '@tabula/coco/pipeline'
import type { Transformed } from '@tabula/coco/pipeline'
import { batchNorm, fromStateDict, frozenBatchNorm, groupNorm, noNorm, toStateDict } from '@tabula/nn'
import { key } from '@tabula/tensor'
import { isRecord, numberOf, numbersOf, textOf } from '../coco/read.js'
import type { Json } from '../coco/read.js'
import type { Recording } from '../files.js'

const part = (json: Json, name: string): Json => {
  const found = json[name]
  if (!isRecord(found)) throw new Error(`${name}: expected a record`)
  return found
}

/** The parts whose type depends on the norm. */
const parts = (config: Json) => {
  const [base, channels, width] = [numberOf(config, 'base'), numberOf(config, 'fpn'), numberOf(config, 'fc')]
  const shape = { block: 'bottleneck', base, blocks: numbersOf(config['blocks'], 'blocks') } as const
  const norm = textOf(config, 'norm')
  const body: Backbone =
    norm === 'gn'
      ? resnet({ ...shape, norm: groupNorm(numberOf(config, 'gn_groups')) })
      : norm === 'bn'
        ? resnet({ ...shape, norm: batchNorm() })
        : resnet({ ...shape, norm: frozenBatchNorm() })
  if (textOf(config, 'heads') !== 'conv_gn') {
    return { backbone: fpn(body, { channels, norm: noNorm }), heads: { box: boxHead(twoFc({ width })), mask: maskHead(maskConvs({ convs: 2, channels, norm: noNorm })) } }
  }
  const gn = groupNorm(numberOf(config, 'gn_groups'))
  return {
    backbone: fpn(body, { channels, norm: gn }),
    heads: { box: boxHead(convsOneFc({ convs: 2, width, norm: gn })), mask: maskHead(maskConvs({ convs: 2, channels, norm: gn })) }
  }
}

/** The model of a recorded configuration. `everything`: how many anchors and regions an image has, where the recording draws all of them. */
export const modelOf = (config: Json, everything: { readonly anchors: number; readonly objects: number }): MaskRcnn => {
  const [rpn, roi] = [part(config, 'rpn'), part(config, 'roi')]
  const [pre, post] = [part(rpn, 'pre_nms_top_n'), part(rpn, 'post_nms_top_n')]
  const all = textOf(config, 'sampler') === 'all'
  const shared = { ...torchvision.testProposals, nmsThreshold: numberOf(rpn, 'nms_thresh'), minSize: numberOf(rpn, 'min_size') }
  const [x = 10, y = 10, w = 5, h = 5] = numbersOf(roi['weights'], 'weights')
  return rcnn({
    ...torchvision,
    ...parts(config),
    classes: numberOf(config, 'classes'),
    anchors: { ...torchvision.anchors, sizes: numbersOf(config['anchor_sizes'], 'anchor_sizes').map((size) => [size]), ratios: numbersOf(config['ratios'], 'ratios') },
    rpnTargets: {
      ...torchvision.rpnTargets,
      foreground: numberOf(rpn, 'fg_iou'),
      background: numberOf(rpn, 'bg_iou'),
      batch: all ? everything.anchors : numberOf(config, 'rpn_batch'),
      positiveFraction: all ? 1 : numberOf(rpn, 'positive_fraction')
    },
    trainProposals: { ...shared, preNms: numberOf(pre, 'train'), postNms: numberOf(post, 'train') },
    testProposals: { ...shared, preNms: numberOf(pre, 'test'), postNms: numberOf(post, 'test') },
    sampling: {
      batch: all ? numberOf(post, 'train') + everything.objects : numberOf(config, 'roi_batch'),
      positiveFraction: all ? 1 : numberOf(roi, 'positive_fraction'),
      foreground: numberOf(roi, 'fg_iou'),
      coderWeights: [x, y, w, h]
    },
    pooling: {
      ...torchvision.pooling,
      canonicalScale: numberOf(config, 'canonical_scale'),
      canonicalLevel: numberOf(roi, 'canonical_level'),
      samplingRatio: numberOf(part(roi, 'box_pool'), 'sampling_ratio')
    },
    detections: {
      ...torchvision.detections,
      scoreThreshold: numberOf(roi, 'score_thresh'),
      nmsThreshold: numberOf(roi, 'nms_thresh'),
      count: numberOf(roi, 'detections_per_img')
    }
  })
}

/** The recorded weights in the model's two trees. Throws where a name of one side is unknown to the other. */
export const weightsOf = (model: MaskRcnn, weights: Recording): { readonly params: Trees; readonly state: Trees } => {
  const initial = model.init(key(0))
  const dict = Object.fromEntries(weights)
  const known = new Set([...Object.keys(toStateDict(initial.params)), ...Object.keys(toStateDict(initial.state))])
  const unknown = [...weights.keys()].filter((name) => !known.has(name) && !name.endsWith('num_batches_tracked'))
  if (unknown.length > 0) throw new Error(`the model has no place for ${unknown.join(', ')}`)
  const fill = (tree: Trees): Trees => {
    const filled = fromStateDict({ ignored: () => true })(tree, dict)
    if (E.isLeft(filled)) throw new Error(filled.left.message)
    return filled.right
  }
  return { params: fill(initial.params), state: fill(initial.state) }
}

/** The recorded images as the network sees them, with boxes and masks where they are recorded. */
export const transformed = (config: Json, recording: Recording): Transformed => {
  const count = [...recording.keys()].filter((name) => /^image\d+$/.test(name)).length
  const inputs = Array.from({ length: count }, (_, index) => {
    const image = recording.get(`image${index}`)
    const [, height = 0, width = 0] = image?.shape ?? []
    return {
      height,
      width,
      image: Float32Array.from(image?.data ?? []),
      boxes: Float32Array.from(recording.get(`gt${index}.boxes`)?.data ?? []),
      masks: Uint8Array.from(recording.get(`gt${index}.masks`)?.data ?? [])
    }
  })
  const options = {
    minSize: numberOf(config, 'min_size'),
    maxSize: numberOf(config, 'max_size'),
    mean: numbersOf(config['mean'], 'mean'),
    std: numbersOf(config['std'], 'std'),
    sizeDivisible: numberOf(config, 'size_divisible')
  }
  return rcnnTransform(options, inputs)
}

/** A training batch's objects. */
export const targetsOf = ({ images }: Transformed, recording: Recording): readonly ImageTargets[] =>
  images.map((image, index) => ({ ...image, boxes: Float32Array.from(image.boxes), labels: Int32Array.from(recording.get(`gt${index}.labels`)?.data ?? []) }))
