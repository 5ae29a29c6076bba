import type { AnchorOptions } from '../anchors/anchors.js'
import type { BoxOffset } from '../boxes/geometry.js'
import type { PasteRule } from '../inference/paste-mask.js'
import type { RpnTargetOptions } from '../matching/rpn-targets.js'
import type { ProposalOptions } from '../proposals/proposals.js'
import type { RoiSamplingOptions } from '../roi/sampling.js'

/** What is kept in the end (Mask R-CNN §3; torchvision's `RoIHeads.postprocess_detections`). */
export interface DetectionOptions {
  /** Probability that a class's detection must be above. */
  readonly scoreThreshold: number
  /** IoU with a better detection of its class from which on a detection goes. */
  readonly nmsThreshold: number
  /** Whether a detection goes at an overlap of the threshold (Detectron), not only above it; where not given, not. */
  readonly inclusive?: boolean
  /** Detections an image. */
  readonly count: number
  /** Smallest side in pixels. */
  readonly minSize: number
}

/** From which level, and how, regions are pooled. */
export interface PoolingConvention {
  /** √area in pixels of the boxes that begin `canonicalLevel` (FPN eq. 1). */
  readonly canonicalScale: number
  /** The level's number: 4 for stride 16. */
  readonly canonicalLevel: number
  /** The small number that is added inside the logarithm of the level, or outside: see `LevelOptions`. */
  readonly insideLog?: number
  readonly outsideLog?: number
  /** Samples of a cell, high and wide; 0: as many as it is high and wide in cells of the map, rounded up. */
  readonly samplingRatio: number
  /** Whether cell centres of the maps lie half a cell in; if not, regions are at least a cell high and wide. */
  readonly aligned: boolean
}

/** How the last layers of the heads are laid out, which decides whose weights fit. */
export interface PredictorLayout {
  /** Where the background's logit is: `first` (Detectron, torchvision) or `last` (detectron2). Labels are 1 … K with background 0 all the same. */
  readonly background: 'first' | 'last'
  /** Whether boxes and masks are predicted for the background, too (`classes`: Detectron, torchvision), or for objects only (`objects`: detectron2). */
  readonly outputs: 'classes' | 'objects'
}

/** How mask targets are made of an object's bitmap and a region. */
export interface MaskTargetConvention {
  /** As in `PoolingConvention`. */
  readonly aligned: boolean
  /** Targets are 1 where a pooled value is at least this, else 0; soft values where not given. */
  readonly threshold?: number
}

/**
 * Everything in which the systems that train R-CNNs differ, but for the network itself. `torchvision`, `detectron` and `detectron2` are
 * values of it; take one and change what you mean to change: `{ ...detectron2, boxLoss: { beta: 0.5 } }`.
 */
export interface Conventions<Sizes extends readonly (readonly number[])[] = readonly (readonly number[])[]> {
  /** What is added to x2 − x1 to give a width, inside the network; boxes that enter and leave have exclusive corners always. */
  readonly offset: BoxOffset
  /** Sizes in pixels and ratios of the reference boxes, and how they are rounded and spaced. */
  readonly anchors: AnchorOptions<Sizes>
  /** Which anchors the proposal network learns from, and what its losses are divided by. */
  readonly rpnTargets: RpnTargetOptions
  /** Where the proposal network's smooth L1 turns linear; 0 is L1. */
  readonly rpnLoss: { readonly beta: number }
  /** Which proposals there are in training … */
  readonly trainProposals: ProposalOptions
  /** … and in inference. */
  readonly testProposals: ProposalOptions
  /** Which regions the heads learn from, and how boxes are encoded relative to them. */
  readonly sampling: RoiSamplingOptions
  /** From which level, and how, regions are pooled. */
  readonly pooling: PoolingConvention
  /** How the last layers of the heads are laid out. */
  readonly layout: PredictorLayout
  /** Where the box head's smooth L1 turns linear; 0 is L1. */
  readonly boxLoss: { readonly beta: number }
  /** Which detections are kept. */
  readonly detections: DetectionOptions
  /** How mask targets are made of an object's bitmap. */
  readonly maskTargets: MaskTargetConvention
  /** How masks are pasted into images: the argument of `pasteMask`. */
  readonly paste: PasteRule
}
