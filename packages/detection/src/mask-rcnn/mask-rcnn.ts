import { reshape, sigmoid, tensorsOf, total } from '@tabula/tensor'
import type { Key, Shape, Tensor, TensorsOf } from '@tabula/tensor'
import { boxPredictor } from '../heads/box-head.js'
import { maskPredictor } from '../heads/mask-head.js'
import { rpnHead } from '../heads/rpn-head.js'
import { rpnHeadAt } from '../heads/rpn-head-at.js'
import { initAll, scopeOf, treesAt } from '../module.js'
import type { Mode, Module, Scope, Trees } from '../module.js'
import { proposalsFrom } from '../proposals/proposals.js'
import type { LevelPrediction } from '../proposals/proposals.js'
import { poolRegions } from '../roi/levels.js'
import { sampleRois } from '../roi/sampling.js'
import { anchorsOf } from './batch.js'
import type { InferenceValues, TrainingValues } from './batch.js'
import { detectBoxes, imageOfRows } from './detect.js'
import type { BoxDetections } from './detect.js'
import { lossOfRows } from './loss-of-rows.js'
import { boxLosses, firstRows, maskLoss, maskTargets, positiveRois, rpnLosses } from './losses.js'
import type { PositiveRois, Scalar } from './losses.js'
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

  /** The mask branch's loss and its next state, on the given parameters and state of the heads. */
  const maskBranch = (heads: Trees, headsState: Trees, maps: readonly Real[], positive: PositiveRois, truth: Tensor<Shape, 'bool'>): readonly [Scalar, Trees] => {
    const own = (trees: Trees): Trees => ({ mask_head: trees['mask_head'], mask_predictor: trees['mask_predictor'] })
    const on = (parameters: Trees, state: Trees, features: readonly Real[], rows: PositiveRois, bitmaps: Tensor<Shape, 'bool'>): readonly [Scalar, Trees] => {
      const scope = scopeOf('train', parameters, state)
      const regions = scope.layer('mask_head', maskHead, pooled(features, rows.boxes, rows.image, options.mask.size), { rows: rows.positive })
      const logits = scope.module('mask_predictor', masks, { regions, labels: rows.labels })
      return [maskLoss(logits, maskTargets(rows, bitmaps, logits.shape[1] ?? 0), rows.positive), scope.state()]
    }
    const before = own(headsState)
    const everywhere = on(own(heads), before, maps, positive, truth)
    // Statistics of a batch rest on all rows at once; what has none may be computed on as many rows as are positive.
    const after = tensorsOf(everywhere[1])
    if (!tensorsOf(before).every((tensor, index) => tensor.node === after[index]?.node)) return everywhere
    const loss = lossOfRows(capacitiesOf(positive.positive.shape[0] ?? 1), (rows) => (learned: { readonly parameters: Trees; readonly maps: readonly Real[] }, given: MaskGiven) =>
      on(learned.parameters, given.state, learned.maps, firstRows(given.positive, rows), given.truth)[0]
    )
    return [loss(total(positive.positive), { parameters: own(heads), maps }, { state: before, positive, truth }), before]
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
      const drawn = rpnHeadAt(perCell)(treesAt(treesAt(params, 'rpn'), 'head'), maps, batch.rpnIndex)
      const rpnLoss = rpnLosses(drawn, batch, options.smoothL1Beta)
      const proposals = proposalsFrom(levelPredictions, anchorsOf(options, height, width), batch.imageSizes, options.trainProposals)
      const rois = sampleRois(proposals, batch, batch.roiPriority, options.sampling)
      const losses = scope.module(
        'roi_heads',
        stage((inner, _input: null) => {
          const boxFeatures = inner.layer('box_head', boxHead, pooled(maps, rois.boxes, rois.image, options.box.size), { rows: rois.valid })
          const boxLoss = boxLosses(inner.module('box_predictor', predictor, boxFeatures), rois, classes, options.smoothL1Beta)
          return {
            loss_objectness: rpnLoss.objectness,
            loss_rpn_box_reg: rpnLoss.box,
            loss_classifier: boxLoss.classifier,
            loss_box_reg: boxLoss.box
          }
        }),
        null
      )
      const positive = positiveRois(rois, n * Math.max(1, Math.floor(options.sampling.batch * options.sampling.positiveFraction)), objects)
      const next = scope.state()
      const [loss_mask, maskState] = maskBranch(treesAt(params, 'roi_heads'), treesAt(state, 'roi_heads'), maps, positive, batch.masks)
      return [{ ...losses, loss_mask }, { ...next, roi_heads: { ...treesAt(next, 'roi_heads'), ...maskState } }]
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

interface MaskGiven {
  readonly state: Trees
  readonly positive: PositiveRois
  readonly truth: Tensor<Shape, 'bool'>
}

/** Numbers of rows a loss is computed on: an eighth, a quarter, a half, all. */
const capacitiesOf = (rows: number): readonly number[] => [...new Set([8, 4, 2, 1].map((part) => Math.max(1, Math.ceil(rows / part))))]

/** A part of the model that only threads state through the parts inside it. */
const stage = <Input, Output>(run: (inner: Scope, input: Input) => Output): Module<Input, Output> => ({
  init: () => ({ params: {}, state: {} }),
  apply: (mode: Mode, params, state, input) => {
    const inner = scopeOf(mode, params, state)
    return [run(inner, input), inner.state()]
  }
})

const nest = (parts: Parameters<typeof initAll>[0]) => ({ init: initAll(parts) })
