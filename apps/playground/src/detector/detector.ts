import { boxHead, convsOneFc, fpn, rcnn, resnet, torchvision } from '@tabula/detection'
import type { FasterRcnn } from '@tabula/detection'
import { frozenBatchNorm, groupNorm, noNorm } from '@tabula/nn'
import type { Norm } from '@tabula/nn'

/** The normalizations to choose from: the paper's remedy, none, and the affine maps of a pre-training that has not taken place. */
export const normNames = ['groupNorm', 'none', 'frozenBatchNorm'] as const

/** One of `normNames`. */
export type NormName = (typeof normNames)[number]

/** Pixels of a scene's side. */
export const sceneSide = 64

const withNorm = <P, S>(norm: Norm<P, S>, classes: number): FasterRcnn => {
  const body = resnet({ blocks: [1, 1], block: 'basic', base: 16, norm })
  return rcnn({
    ...torchvision,
    backbone: fpn(body, { channels: 16, norm }),
    classes,
    anchors: { ...torchvision.anchors, sizes: [[14], [20], [26]], ratios: [1] },
    heads: { box: boxHead(convsOneFc({ convs: 1, size: 5, width: 64, norm })) },
    rpnTargets: { ...torchvision.rpnTargets, foreground: 0.6, batch: 32 },
    trainProposals: { ...torchvision.trainProposals, preNms: 48, postNms: 16 },
    testProposals: { ...torchvision.testProposals, preNms: 48, postNms: 16 },
    sampling: { ...torchvision.sampling, batch: 16, positiveFraction: 0.5 },
    pooling: { ...torchvision.pooling, canonicalScale: 96, samplingRatio: 1, aligned: true },
    boxLoss: { beta: 1 },
    detections: { ...torchvision.detections, scoreThreshold: 0.05, nmsThreshold: 0.4, count: 8 }
  })
}

/** The playground's detector for scenes of `sceneSide`: Faster R-CNN on a residual network of two stages and its pyramid, small enough for any device. */
export const tinyDetector = (norm: NormName, classes: number): FasterRcnn => {
  switch (norm) {
    case 'groupNorm':
      return withNorm(groupNorm(4), classes)
    case 'none':
      return withNorm(noNorm, classes)
    case 'frozenBatchNorm':
      return withNorm(frozenBatchNorm(), classes)
  }
}
