import { boxHead, convsOneFc, detectron, fpn, maskConvs, maskHead, rcnn, resnet } from '../../src/index.js'
import { groupNorm } from '@tabula/nn'

const norm = groupNorm(32)
export const model = rcnn({
  ...detectron,
  backbone: fpn(resnet({ depth: 50, norm }), { channels: 256, norm }),
  classes: 81,
  heads: { box: boxHead(convsOneFc({ norm })), mask: maskHead(maskConvs({ norm })) }
})
