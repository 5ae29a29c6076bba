import type { Conventions } from './conventions.js'

/**
 * Detectron's conventions (the paper's own system), with the numbers of its `e2e_mask_rcnn_R-50-FPN`: corners are pixels that count, anchors
 * that leave the image do not train, suppression at the threshold, 2000 proposals of a batch.
 *
 * Two things differ. Detectron rasterizes an object's polygons in each region for its mask target, which here is pooled from the object's
 * bitmap (3 % of the cells differ, see README). It keeps detections that tie with the hundredth, which here are cut.
 */
export const detectron = {
  offset: 1,
  anchors: { sizes: [[32], [64], [128], [256], [512]], ratios: [0.5, 1, 2], rounding: 'sides', spacing: 'stride' },
  rpnTargets: { foreground: 0.7, background: 0.3, straddle: 0, batch: 256, positiveFraction: 0.5, negatives: 'replacement', normalizer: 'batch', boxNormalizer: 'image' },
  rpnLoss: { beta: 1 / 9 },
  trainProposals: { preNms: 2000, postNms: 2000, over: 'batch', nmsThreshold: 0.7, inclusive: true, minSize: 1 },
  testProposals: { preNms: 1000, postNms: 1000, over: 'image', nmsThreshold: 0.7, inclusive: true, minSize: 1 },
  sampling: { batch: 512, positiveFraction: 0.25, foreground: 0.5, coderWeights: [10, 10, 5, 5] },
  pooling: { canonicalScale: 224, canonicalLevel: 4, insideLog: 1e-6, samplingRatio: 2, aligned: false },
  layout: { background: 'first', outputs: 'classes' },
  boxLoss: { beta: 1 },
  detections: { scoreThreshold: 0.05, nmsThreshold: 0.5, inclusive: true, count: 100, minSize: -1e30 },
  maskTargets: { aligned: true, threshold: 0.5 },
  paste: { _tag: 'padded', padding: 1, pixels: 'inclusive' }
} as const satisfies Conventions
