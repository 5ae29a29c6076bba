import type { AnchorOptions } from '../anchors/anchors.js'
import type { Backbone } from '../backbones/resnet.js'
import type { CoderWeights } from '../boxes/coder.js'
import type { Pyramid } from '../fpn/fpn.js'
import type { BoxHead } from '../heads/box-head.js'
import type { MaskHead } from '../heads/mask-head.js'
import type { RpnTargetOptions } from '../matching/rpn-targets.js'
import type { ProposalOptions } from '../proposals/proposals.js'
import type { RoiSamplingOptions } from '../roi/sampling.js'

/** What is kept in the end (Mask R-CNN §3; torchvision's `RoIHeads.postprocess_detections`). */
export interface DetectionOptions {
  readonly scoreThreshold: number
  readonly nmsThreshold: number
  /** Detections an image. */
  readonly count: number
  /** Smallest side in pixels. */
  readonly minSize: number
}

/** A Mask R-CNN in full. */
export interface MaskRcnnOptions {
  readonly backbone: Backbone
  readonly pyramid: Pyramid
  readonly anchors: AnchorOptions
  /** Classes, the background (0) included. */
  readonly classes: number
  readonly box: BoxHead
  readonly mask: MaskHead
  readonly rpnTargets: RpnTargetOptions
  readonly trainProposals: ProposalOptions
  readonly testProposals: ProposalOptions
  readonly sampling: RoiSamplingOptions
  readonly canonicalScale: number
  readonly canonicalLevel: number
  readonly samplingRatio: number
  /** Where smooth L1 turns linear, for regions and for proposals. */
  readonly smoothL1Beta: number
  readonly detections: DetectionOptions
}

const coder: CoderWeights = [10, 10, 5, 5]

/** torchvision's settings, for everything but the parts themselves. */
export const torchvisionDefaults = {
  anchors: { sizes: [[32], [64], [128], [256], [512]], ratios: [0.5, 1, 2] },
  rpnTargets: { foreground: 0.7, background: 0.3, batch: 256, positiveFraction: 0.5 },
  trainProposals: { preNms: 2000, postNms: 2000, nmsThreshold: 0.7, minSize: 1e-3 },
  testProposals: { preNms: 1000, postNms: 1000, nmsThreshold: 0.7, minSize: 1e-3 },
  sampling: { batch: 512, positiveFraction: 0.25, foreground: 0.5, coderWeights: coder },
  canonicalScale: 224,
  canonicalLevel: 4,
  samplingRatio: 2,
  smoothL1Beta: 1 / 9,
  detections: { scoreThreshold: 0.05, nmsThreshold: 0.5, count: 100, minSize: 1e-2 }
} as const
