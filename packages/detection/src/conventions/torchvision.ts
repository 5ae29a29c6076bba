import type { Conventions } from './conventions.js'

/** torchvision's conventions, with the numbers of its `maskrcnn_resnet50_fpn`. Number for number the same as torchvision. */
export const torchvision = {
  offset: 0,
  anchors: { sizes: [[32], [64], [128], [256], [512]], ratios: [0.5, 1, 2], rounding: 'corners', spacing: 'image' },
  rpnTargets: { foreground: 0.7, background: 0.3, batch: 256, positiveFraction: 0.5, negatives: 'once', normalizer: 'drawn' },
  rpnLoss: { beta: 1 / 9 },
  trainProposals: { preNms: 2000, postNms: 2000, over: 'image', nmsThreshold: 0.7, inclusive: false, minSize: 1e-3 },
  testProposals: { preNms: 1000, postNms: 1000, over: 'image', nmsThreshold: 0.7, inclusive: false, minSize: 1e-3 },
  sampling: { batch: 512, positiveFraction: 0.25, foreground: 0.5, coderWeights: [10, 10, 5, 5] },
  pooling: { canonicalScale: 224, canonicalLevel: 4, outsideLog: 1e-6, samplingRatio: 2, aligned: false },
  layout: { background: 'first', outputs: 'classes' },
  boxLoss: { beta: 1 / 9 },
  detections: { scoreThreshold: 0.05, nmsThreshold: 0.5, inclusive: false, count: 100, minSize: 1e-2 },
  maskTargets: { aligned: false },
  paste: { _tag: 'padded', padding: 1, pixels: 'exclusive' }
} as const satisfies Conventions
