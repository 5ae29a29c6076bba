/** The Mask R-CNN of "Rethinking ImageNet Pre-training" (He et al. 2018) as one expression, and how the paper trains it from scratch. */
import { boxHead, convsOneFc, detectron, fpn, maskConvs, maskHead, rcnn, resnet, rpnHead, trainingStep } from '@tabula/detection'
import { groupNorm, paperSchedule, sgd } from '@tabula/nn'

const norm = groupNorm(32)

/** ResNet-50, a feature pyramid and GroupNorm everywhere but in the proposal network; 80 classes and the background. */
export const model = rcnn({
  ...detectron,
  backbone: fpn(resnet({ depth: 50, norm }), { channels: 256, norm }),
  rpn: rpnHead(),
  classes: 81,
  heads: {
    box: boxHead(convsOneFc({ convs: 4, width: 1024, norm })),
    mask: maskHead(maskConvs({ convs: 4, channels: 256, norm }))
  }
})

/** The norms' γ and β: `bn1`, `downsample.1`, `layer_blocks.0.1` … */
const isNorm = (path: string): boolean => /\.(bn\d|1)\.(weight|bias)$/.test(path)

/** Momentum and weight decay; norms do not decay, and biases neither, which learn at twice the rate (Detectron). */
export const optimizer = sgd({
  momentum: 0.9,
  weightDecay: 1e-4,
  groups: [
    { matches: isNorm, weightDecay: 0 },
    { matches: (path) => path.endsWith('.bias'), weightDecay: 0, learningRate: 2 }
  ]
})

/** 6×: 540,000 steps of 16 images, drops 60,000 and 20,000 before the end, warm-up of 500 from a third. */
export const schedule = paperSchedule({ times: 6, base: 0.02 })

/** One step, a single program: losses, all gradients, and the update. `iterate(device)(step, …)` repeats it. */
export const step = trainingStep(model, optimizer)
