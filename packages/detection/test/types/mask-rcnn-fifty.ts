/** Mask R-CNN with a ResNet-50, a feature pyramid and GroupNorm throughout, as the paper trains it: what the type-cost test compiles. */
import { boxHead, convsOneFc, detectron, fpn, maskConvs, maskHead, rcnn, resnet } from '../../src/index.js'
import { groupNorm } from '@tabula/nn'

const norm = groupNorm(32)

export const model = rcnn({
  ...detectron,
  backbone: fpn(resnet({ depth: 50, norm }), { channels: 256, norm }),
  classes: 81,
  heads: {
    box: boxHead(convsOneFc({ convs: 4, width: 1024, norm })),
    mask: maskHead(maskConvs({ convs: 4, channels: 256, norm }))
  }
})
