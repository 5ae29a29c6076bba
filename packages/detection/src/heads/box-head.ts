import type { Check, SameDim, ShapeMismatch, Tensor } from '@tabula/tensor'
import { reshape } from '@tabula/tensor'
import { detectBoxes, imageOfRows } from '../mask-rcnn/detect.js'
import { boxLosses } from '../mask-rcnn/losses.js'
import type { Scalar } from '../mask-rcnn/losses.js'
import { sampleRois } from '../roi/sampling.js'
import { boxPredictor } from './box-predictor.js'
import type { BoxPredictor } from './box-predictor.js'
import type { BoxHead } from './head.js'
import type { RegionLayers } from './region-layers.js'

/** The losses of a box head, under torchvision's names. A type, so that records of losses may be made of it. */
export type BoxLosses = {
  readonly loss_classifier: Scalar
  readonly loss_box_reg: Scalar
}

/** A sentence where a predictor takes another number of features than the layers before it give. */
export type PredictorFits<W extends number, P extends number> =
  SameDim<W, P> extends true ? unknown : ShapeMismatch<`boxHead: the predictor takes ${P} features but the layers before it give ${W}`>

/** What follows the layers on pooled regions: the predictor, and whether each class has a box of its own. */
export interface BoxHeadOptions<W extends number, K extends number> {
  /** The last layers; where not given, those of the detector's classes and conventions. */
  readonly predictor?: BoxPredictor<W, K>
  /** One box for all classes, not one for each; where not given, not. */
  readonly agnostic?: boolean
}

/**
 * The box head of Fast R-CNN: layers on pooled regions, then class scores and a box for each class. Draws regions, makes the classification
 * and regression losses, and detections of every class. Parameters: `box_head`, `box_predictor`.
 */
export const boxHead = <const In extends number, const W extends number, const P extends number = W, const K extends number = number>(
  layers: RegionLayers<In, W>,
  { predictor, agnostic = false }: BoxHeadOptions<P, K> & { readonly predictor?: BoxPredictor<P, K> & Check<PredictorFits<W, P>> } = {}
): BoxHead<In, K, BoxLosses> => ({
  kind: 'box head',
  ...(layers.channels === undefined ? {} : { channels: layers.channels }),
  ...(predictor === undefined ? {} : { classes: predictor.classes }),
  build: ({ channels, classes, conventions }) => {
    const { offset, layout, sampling, detections, boxLoss } = conventions
    const head = layers.layer(channels)
    const { module } = predictor ?? boxPredictor(layers.width, classes, { layout, agnostic })
    return {
      parts: { box_head: head, box_predictor: module },
      train: (scope, { pool, proposals, truth, priority }) => {
        const rois = sampleRois(proposals, truth, priority, sampling, offset)
        const features = scope.layer('box_head', head, pool(rois.boxes, rois.image, layers.size), { rows: rois.valid })
        const losses = boxLosses(scope.module('box_predictor', module, features), rois, classes, boxLoss.beta)
        return { losses: { loss_classifier: losses.classifier, loss_box_reg: losses.box }, rois }
      },
      infer: (scope, { pool, proposals, imageSizes }) => {
        const [n = 0, p = 0] = proposals.scores.shape
        const pooled = pool(reshape([-1, 4])(proposals.boxes), imageOfRows(n, p), layers.size)
        const features = scope.layer('box_head', head, pooled)
        const prediction = scope.module('box_predictor', module, features)
        const stages: Readonly<Record<string, Tensor>> = { box_pool: pooled, box_features: features, class_logits: prediction.logits, box_regression: prediction.deltas }
        return { detections: detectBoxes(prediction, proposals, imageSizes, classes, sampling.coderWeights, detections, offset), stages }
      }
    }
  }
})
