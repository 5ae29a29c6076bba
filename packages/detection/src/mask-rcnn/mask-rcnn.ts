import { reshape, sigmoid } from '@tabula/tensor'
import type { Key, Shape, Tensor, TensorsOf } from '@tabula/tensor'
import { boxPredictor } from '../heads/box-head.js'
import { maskPredictor } from '../heads/mask-head.js'
import { rpnHead } from '../heads/rpn-head.js'
import { initAll, scopeOf } from '../module.js'
import type { Mode, Module, Scope, Trees } from '../module.js'
import { proposalsFrom } from '../proposals/proposals.js'
import type { LevelPrediction } from '../proposals/proposals.js'
import { poolRegions } from '../roi/levels.js'
import { sampleRois } from '../roi/sampling.js'
import { anchorsOf } from './batch.js'
import type { InferenceValues, TrainingValues } from './batch.js'
import { detectBoxes, imageOfRows } from './detect.js'
import type { BoxDetections } from './detect.js'
import { boxLosses, maskLoss, maskTargets, positiveRois, rpnLosses } from './losses.js'
import type { Scalar } from './losses.js'
import type { MaskRcnnOptions } from './options.js'

type Real = Tensor<Shape, 'f32'>

/** The losses of Mask R-CNN, under torchvision's names. */
export interface MaskRcnnLosses {
  readonly loss_objectness: Scalar
  readonly loss_rpn_box_reg: Scalar
  readonly loss_classifier: Scalar
  readonly loss_box_reg: Scalar
  readonly loss_mask: Scalar
}

/** Detections with the mask of each: `[N, D, 2·size, 2·size]` probabilities over its box. */
export interface Detections extends BoxDetections {
  readonly masks: Real
}

/** A detector: initial numbers, and pure functions of them for training and for inference. */
export interface MaskRcnn {
  readonly options: MaskRcnnOptions
  readonly init: (key: Key) => { readonly params: Trees; readonly state: Trees }
  /** The losses of a batch and the next state. Throws `ShapeError`. */
  readonly train: (params: Trees, state: Trees, batch: TensorsOf<TrainingValues>) => readonly [MaskRcnnLosses, Trees]
  /** Detections in pixels of the padded images. */
  readonly infer: (params: Trees, state: Trees, batch: TensorsOf<InferenceValues>) => Detections
  /** Everything on the way to the detections, for comparisons. */
  readonly stages: (params: Trees, state: Trees, batch: TensorsOf<InferenceValues>) => Readonly<Record<string, Tensor | readonly Tensor[]>>
}

/** Mask R-CNN (He et al. 2017) with a feature pyramid, in torchvision's conventions and under its parameter names. */
export const maskRcnn = (options: MaskRcnnOptions): MaskRcnn => {
  const { backbone, pyramid, classes } = options
  const perCell = (options.anchors.sizes[0]?.length ?? 1) * options.anchors.ratios.length
  const rpn = rpnHead(pyramid.channels, perCell)
  const boxHead = options.box.layer(pyramid.channels)
  const predictor = boxPredictor(options.box.width, classes)
  const maskHead = options.mask.layer(pyramid.channels)
  const masks = maskPredictor(options.mask.channels, options.mask.channels, classes)
  const scales = backbone.strides.map((stride) => 1 / stride)
  const levels = { canonicalScale: options.canonicalScale, canonicalLevel: options.canonicalLevel, finestLevel: Math.log2(backbone.strides[0] ?? 4), levels: scales.length }
  const parts = {
    backbone: nest({ body: backbone.module, fpn: pyramid.module }),
    rpn: nest({ head: rpn }),
    roi_heads: { init: initAll({ box_head: boxHead, box_predictor: predictor, mask_head: maskHead, mask_predictor: masks }) }
  }

  const features = (scope: Scope, images: Real): readonly Real[] =>
    scope.module('backbone', stage((inner, x: Real) => inner.module('fpn', pyramid.module, inner.module('body', backbone.module, x))), images)
  const predictions = (scope: Scope, maps: readonly Real[]): readonly LevelPrediction[] => scope.module('rpn', stage((inner, x: readonly Real[]) => inner.module('head', rpn, x)), maps)
  const pooled = (maps: readonly Real[], boxes: Real, image: Tensor<Shape, 'i32'>, size: number): Real =>
    poolRegions(maps.slice(0, scales.length), boxes, image, { ...levels, size, samplingRatio: options.samplingRatio, scales })

  const infer = (params: Trees, state: Trees, { images, imageSizes }: TensorsOf<InferenceValues>) => {
    const scope = scopeOf('infer', params, state)
    const [n = 0, , height = 0, width = 0] = images.shape
    const maps = features(scope, images)
    const levelPredictions = predictions(scope, maps)
    const proposals = proposalsFrom(levelPredictions, anchorsOf(options, height, width), imageSizes, options.testProposals)
    const p = proposals.scores.shape[1] ?? 0
    return scope.module(
      'roi_heads',
      stage((inner, _input: null) => {
        const boxPool = pooled(maps, reshape([-1, 4])(proposals.boxes), imageOfRows(n, p), options.box.size)
        const boxFeatures = inner.layer('box_head', boxHead, boxPool)
        const prediction = inner.module('box_predictor', predictor, boxFeatures)
        const found = detectBoxes(prediction, proposals, imageSizes, classes, options.sampling.coderWeights, options.detections)
        const d = found.scores.shape[1] ?? 0
        const maskPool = pooled(maps, reshape([-1, 4])(found.boxes), imageOfRows(n, d), options.mask.size)
        const maskFeatures = inner.layer('mask_head', maskHead, maskPool)
        const maskLogits = inner.module('mask_predictor', masks, { regions: maskFeatures, labels: reshape([-1])(found.labels) })
        const [, h = 0, w = 0] = maskLogits.shape
        const detections: Detections = { ...found, masks: reshape([n, d, h, w])(sigmoid(maskLogits)) }
        return { detections, maps, levelPredictions, proposals, boxPool, boxFeatures, prediction, maskPool, maskFeatures, maskLogits }
      }),
      null
    )
  }

  return {
    options,
    init: (key) => initAll(parts)(key, ''),
    train: (params, state, batch) => {
      const scope = scopeOf('train', params, state)
      const [n = 0, , height = 0, width = 0] = batch.images.shape
      const objects = batch.valid.shape[1] ?? 0
      const maps = features(scope, batch.images)
      const levelPredictions = predictions(scope, maps)
      const rpnLoss = rpnLosses(levelPredictions, batch, options.smoothL1Beta)
      const proposals = proposalsFrom(levelPredictions, anchorsOf(options, height, width), batch.imageSizes, options.trainProposals)
      const rois = sampleRois(proposals, batch, batch.roiPriority, options.sampling)
      const losses = scope.module(
        'roi_heads',
        stage((inner, _input: null): MaskRcnnLosses => {
          const boxFeatures = inner.layer('box_head', boxHead, pooled(maps, rois.boxes, rois.image, options.box.size))
          const boxLoss = boxLosses(inner.module('box_predictor', predictor, boxFeatures), rois, classes, options.smoothL1Beta)
          const positive = positiveRois(rois, n * Math.max(1, Math.floor(options.sampling.batch * options.sampling.positiveFraction)), objects)
          const regions = inner.layer('mask_head', maskHead, pooled(maps, positive.boxes, positive.image, options.mask.size))
          const logits = inner.module('mask_predictor', masks, { regions, labels: positive.labels })
          const targets = maskTargets(positive, batch.masks, logits.shape[1] ?? 0)
          return {
            loss_objectness: rpnLoss.objectness,
            loss_rpn_box_reg: rpnLoss.box,
            loss_classifier: boxLoss.classifier,
            loss_box_reg: boxLoss.box,
            loss_mask: maskLoss(logits, targets, positive.positive)
          }
        }),
        null
      )
      return [losses, scope.state()]
    },
    infer: (params, state, batch) => infer(params, state, batch).detections,
    stages: (params, state, batch) => {
      const all = infer(params, state, batch)
      return {
        'fpn': all.maps,
        'rpn.logits': all.levelPredictions.map(({ logits }) => logits),
        'rpn.deltas': all.levelPredictions.map(({ deltas }) => deltas),
        'proposals': all.proposals.boxes,
        'proposals.valid': all.proposals.valid,
        'proposals.scores': sigmoid(all.proposals.scores),
        'box_pool': all.boxPool,
        'box_features': all.boxFeatures,
        'class_logits': all.prediction.logits,
        'box_regression': all.prediction.deltas,
        'mask_pool': all.maskPool,
        'mask_features': all.maskFeatures,
        'mask_logits': all.maskLogits
      }
    }
  }
}

/** A part of the model that only threads state through the parts inside it. */
const stage = <Input, Output>(run: (inner: Scope, input: Input) => Output): Module<Input, Output> => ({
  init: () => ({ params: {}, state: {} }),
  apply: (mode: Mode, params, state, input) => {
    const inner = scopeOf(mode, params, state)
    return [run(inner, input), inner.state()]
  }
})

const nest = (parts: Parameters<typeof initAll>[0]) => ({ init: initAll(parts) })
