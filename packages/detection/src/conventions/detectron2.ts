import type { Conventions } from './conventions.js'

/**
 * detectron2's conventions, with the numbers of its `Base-RCNN-FPN` (mask targets as in its `bitmask` format): exact anchors, aligned
 * RoIAlign with adaptive sampling, L1 losses, 1000 proposals an image, the background last.
 */
export const detectron2 = {
  offset: 0,
  anchors: { sizes: [[32], [64], [128], [256], [512]], ratios: [0.5, 1, 2], rounding: 'none', spacing: 'stride' },
  rpnTargets: { foreground: 0.7, background: 0.3, batch: 256, positiveFraction: 0.5, negatives: 'once', normalizer: 'batch' },
  rpnLoss: { beta: 0 },
  // detectron2 asks for sides above 0.
  trainProposals: { preNms: 2000, postNms: 1000, over: 'image', nmsThreshold: 0.7, inclusive: false, minSize: 1e-30 },
  testProposals: { preNms: 1000, postNms: 1000, over: 'image', nmsThreshold: 0.7, inclusive: false, minSize: 1e-30 },
  sampling: { batch: 512, positiveFraction: 0.25, foreground: 0.5, coderWeights: [10, 10, 5, 5] },
  pooling: { canonicalScale: 224, canonicalLevel: 4, insideLog: 1e-8, samplingRatio: 0, aligned: true },
  layout: { background: 'last', outputs: 'objects' },
  boxLoss: { beta: 0 },
  detections: { scoreThreshold: 0.05, nmsThreshold: 0.5, inclusive: false, count: 100, minSize: 1e-30 },
  maskTargets: { aligned: true, threshold: 0.5 },
  paste: { _tag: 'centres' }
} as const satisfies Conventions
