import { boxHead, fpn, maskConvs, maskHead, rcnn, resnet, torchvision, twoFc } from '@tabula/detection'
import type { MaskRcnn } from '@tabula/detection'
import { groupNorm } from '@tabula/nn'
import { sceneClasses } from './scenes.js'

const norm = groupNorm(4)

/**
 * A small Mask R-CNN with every part of the large one (a residual network and its pyramid with group normalization, a proposal network,
 * box and mask heads on pooled regions), for scenes of `sceneSide`.
 */
export const smallDetector = (): MaskRcnn =>
  rcnn({
    ...torchvision,
    backbone: fpn(resnet({ blocks: [1, 1], block: 'basic', base: 8, norm }), { channels: 16, norm }),
    classes: sceneClasses + 1,
    anchors: { ...torchvision.anchors, sizes: [[14], [20], [26]], ratios: [1] },
    heads: { box: boxHead(twoFc({ size: 5, width: 64 })), mask: maskHead(maskConvs({ convs: 1, channels: 16, norm })) },
    rpnTargets: { ...torchvision.rpnTargets, foreground: 0.6, batch: 32 },
    trainProposals: { ...torchvision.trainProposals, preNms: 48, postNms: 16 },
    testProposals: { ...torchvision.testProposals, preNms: 48, postNms: 16 },
    sampling: { ...torchvision.sampling, batch: 16, positiveFraction: 0.5 },
    pooling: { ...torchvision.pooling, canonicalScale: 96, samplingRatio: 1, aligned: true },
    detections: { ...torchvision.detections, count: 8 }
  })
