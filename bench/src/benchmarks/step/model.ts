import { boxHead, convsOneFc, fpn, maskConvs, maskHead, rcnn, resnet, torchvision, twoFc } from '@tabula/detection'
import type { MaskRcnn } from '@tabula/detection'
import { groupNorm, noNorm } from '@tabula/nn'

/** ResNet-18 at 256 × 256, two images; or ResNet-50 at 800 × 1333, one image. */
export type StepSize = 'small' | 'full'

/** The detector that `model` in python/torch_rival.py builds, number for number. */
export const stepModel = (size: StepSize): MaskRcnn => {
  const norm = groupNorm(32)
  // torchvision's `resnet_fpn_backbone` gives its norm to the body alone.
  const backbone = fpn(resnet({ depth: size === 'small' ? 18 : 50, norm }), { channels: 256, norm: noNorm })
  const common = { ...torchvision, backbone, classes: 81 } as const
  const mask = maskHead(maskConvs({ norm }))
  return size === 'full'
    ? rcnn({ ...common, heads: { box: boxHead(convsOneFc({ norm })), mask } })
    : rcnn({
        ...common,
        heads: { box: boxHead(twoFc()), mask },
        anchors: { ...torchvision.anchors, sizes: [[16], [32], [64], [128], [256]] },
        trainProposals: { ...torchvision.trainProposals, preNms: 512, postNms: 256 },
        sampling: { ...torchvision.sampling, batch: 64 }
      })
}

/** How images enter, in the words of a recorded configuration. */
export const stepTransform = (size: StepSize) => ({
  min_size: size === 'small' ? 256 : 800,
  max_size: size === 'small' ? 256 : 1333,
  mean: [0.485, 0.456, 0.406],
  std: [0.229, 0.224, 0.225],
  size_divisible: 32
})
