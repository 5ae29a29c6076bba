import { boxHead, convsOneFc, detectron2, fpn, maskConvs, maskHead, rcnn, resnet, torchvision, twoFc } from '@tabula/detection'
import type { Backbone, MaskRcnn } from '@tabula/detection'
import { batchNorm, frozenBatchNorm, groupNorm, multiStep, noNorm, sgd, valuesOf, warmUp } from '@tabula/nn'
import type { Norm, Optimizer, Schedule } from '@tabula/nn'
import { detectron2Normalization, detectronNormalization, torchvisionNormalization } from '@tabula/coco/images'
import type { Normalization } from '@tabula/coco/images'
import type { Config } from './schema.js'

const withNorm = <P, S>({ model }: Config, classes: number, norm: Norm<P, S>): MaskRcnn => {
  const shape = model.depth === 'custom' ? { blocks: model.blocks, block: model.block } : { depth: depths[model.depth] }
  const body: Backbone = resnet({ ...shape, base: model.width, norm })
  const { width, convs } = model.boxHead
  const { proposals, regions } = model
  const defaults = torchvision
  return rcnn({
    ...defaults,
    backbone: fpn(body, { channels: model.pyramid.channels, norm }),
    classes,
    anchors: { ...defaults.anchors, ...model.anchors },
    heads: {
      box: boxHead(convs === 0 ? twoFc({ width }) : convsOneFc({ convs, width, norm })),
      mask: maskHead(maskConvs({ ...model.maskHead, norm }))
    },
    rpnTargets: { ...defaults.rpnTargets, batch: model.rpnBatch },
    trainProposals: { ...defaults.trainProposals, preNms: proposals.trainBefore, postNms: proposals.trainAfter },
    testProposals: { ...defaults.testProposals, preNms: proposals.testBefore, postNms: proposals.testAfter },
    sampling: { ...defaults.sampling, ...regions },
    pooling: { ...defaults.pooling, canonicalScale: model.canonicalScale },
    detections: { ...defaults.detections, ...model.detections },
    // Masks are pasted by detectron2's rule, which needs no box of whole pixels and so serves small objects better.
    paste: detectron2.paste
  })
}

const depths = { '18': 18, '34': 34, '50': 50, '101': 101 } as const

/** The detector of a configuration for a number of classes, the background included. */
export const modelOf = (config: Config, classes: number): MaskRcnn => {
  switch (config.model.norm) {
    case 'groupNorm':
      return withNorm(config, classes, groupNorm(config.model.groups))
    case 'batchNorm':
      return withNorm(config, classes, batchNorm())
    case 'frozenBatchNorm':
      return withNorm(config, classes, frozenBatchNorm())
    case 'none':
      return withNorm(config, classes, noNorm)
  }
}

/** SGD with momentum; norms and biases, the parameters of rank 1, have a weight decay of their own. */
export const optimizerOf = ({ optimization }: Config, params: unknown): Optimizer => {
  const vectors = new Set(valuesOf(params).flatMap(({ path, leaf }) => (leaf.shape.length <= 1 ? [path] : [])))
  return sgd({
    momentum: optimization.momentum,
    weightDecay: optimization.weightDecay,
    groups: [{ matches: (path) => vectors.has(path), weightDecay: optimization.normDecay }]
  })
}

/** The learning rate of each step, counted from 0. */
export const scheduleOf = ({ optimization: { steps, learningRate, warmUp: warm, drops, gamma } }: Config): Schedule =>
  warmUp(warm)(multiStep({ base: learningRate, gamma, milestones: drops.map((drop) => Math.round(drop * steps)) }))

/** How pixels become numbers. */
export const normalizationOf = ({ data }: Config): Normalization =>
  ({ torchvision: torchvisionNormalization, detectron: detectronNormalization, detectron2: detectron2Normalization })[data.normalization]

/** Size that all batches are padded to, where the configuration fixes one. */
export const fixedSizeOf = ({ data: { fixedSize } }: Config): { readonly fixedSize?: { readonly height: number; readonly width: number } } => {
  const [height, width] = fixedSize ?? []
  return height === undefined || width === undefined ? {} : { fixedSize: { height, width } }
}
