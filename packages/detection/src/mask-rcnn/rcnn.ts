import { add, concatenate, ShapeError, sigmoid } from '@tabula/tensor'
import type { Key, Shape, Tensor, TensorsOf } from '@tabula/tensor'
import { column } from '../boxes/geometry.js'
import type { Levels } from '../features/levels.js'
import { functionsOf } from '../heads/head.js'
import type { BoxHead, HeadContext, Heads, ItemOf, Losses, LossesOf, Pool, ResultsOf, Simplified, StageRecord, TargetsOf } from '../heads/head.js'
import type { BoxLosses } from '../heads/box-head.js'
import type { MaskItem, MaskLosses, MaskResults, MaskValues } from '../heads/mask-head.js'
import { predictionsAt, rpnHead } from '../heads/rpn-head.js'
import { initAll, scopeOf, treesAt } from '../module.js'
import type { Mode, Module, Scope, Trees } from '../module.js'
import { proposalsFrom } from '../proposals/proposals.js'
import type { LevelPrediction } from '../proposals/proposals.js'
import { poolRegions } from '../roi/levels.js'
import type { GroundTruth } from '../roi/sampling.js'
import { anchorsOf } from './batch.js'
import type { InferenceValues, TargetSettings, TrainingValues } from './batch.js'
import { imageOfRows } from './detect.js'
import { disjoint } from './disjoint.js'
import type { BoxDetections } from './detect.js'
import { positiveRois, rpnLosses } from './losses.js'
import type { Scalar } from './losses.js'
import type { RcnnFits, RcnnOptions } from './options.js'
import { trainHeads } from './train-heads.js'

type Real = Tensor<Shape, 'f32'>

/** The losses of the proposal network, under torchvision's names. */
export type RpnLosses = {
  readonly loss_objectness: Scalar
  readonly loss_rpn_box_reg: Scalar
}

/**
 * A detector: initial numbers, and pure functions of them for training and for inference. `Item` is what it must know of an image's objects
 * beside boxes and labels, `Targets` what its heads make of that, by name, `L` its losses, `R` its results beside boxes, scores and labels.
 */
export interface Rcnn<Item, Targets, L, R> {
  readonly options: TargetSettings<Item, Targets>
  readonly init: (key: Key) => { readonly params: Trees; readonly state: Trees }
  /** The losses of a batch and the next state. Throws `ShapeError`. */
  readonly train: (params: Trees, state: Trees, batch: TensorsOf<TrainingValues<Targets>>) => readonly [L, Trees]
  /** Detections, boxes in pixels of the padded images. */
  readonly infer: (params: Trees, state: Trees, batch: TensorsOf<InferenceValues>) => BoxDetections & R
  /** Everything on the way to the detections, for comparisons. */
  readonly stages: (params: Trees, state: Trees, batch: TensorsOf<InferenceValues>) => Readonly<Record<string, Tensor | readonly Tensor[]>>
}

/** The losses of Mask R-CNN, under torchvision's names. */
export type MaskRcnnLosses = RpnLosses & BoxLosses & MaskLosses

/** Detections with the mask of each: `[N, D, 2·size, 2·size]` probabilities over its box. */
export type Detections = BoxDetections & MaskResults

/** Mask R-CNN: an R-CNN with the heads `box` and `mask`. */
export type MaskRcnn = Rcnn<MaskItem, { readonly mask: MaskValues }, MaskRcnnLosses, MaskResults>

/** Faster R-CNN: an R-CNN with the head `box` alone. */
export type FasterRcnn = Rcnn<unknown, Readonly<Record<never, never>>, RpnLosses & BoxLosses, unknown>

/** The detector of a record of heads. */
export type RcnnOf<H extends Heads> = Rcnn<ItemOf<H>, TargetsOf<H>, Simplified<RpnLosses & LossesOf<H>>, ResultsOf<H>>

/** A part of the model that only threads state through the parts inside it. */
const stage = <Input, Output>(run: (inner: Scope, input: Input) => Output): Module<Input, Output> => ({
  init: () => ({ params: {}, state: {} }),
  apply: (mode: Mode, params, state, input) => {
    const inner = scopeOf(mode, params, state)
    return [run(inner, input), inner.state()]
  }
})

/** Boxes whose corners are the last pixels, as boxes whose corners are one past them. */
const exclusive = (boxes: Real, offset: number): Real =>
  offset === 0 ? boxes : concatenate({ axis: boxes.shape.length - 1 })([column(boxes, 0), column(boxes, 1), add(column(boxes, 2), offset), add(column(boxes, 3), offset)])

/**
 * A two-stage detector (Faster R-CNN, Ren et al. 2015; torchvision's `GeneralizedRCNN`, whose parameter names it has): a proposal network on a
 * backbone's maps, and heads on pooled regions. `heads.box` draws regions and makes detections; any other field trains on those regions and
 * describes those detections. `{ box, mask }` is Mask R-CNN, `{ box }` alone Faster R-CNN. Losses, targets and results follow from the record;
 * parts that do not fit together do not compile.
 */
export const rcnn = <const L extends Levels, const K extends number, const Sizes extends readonly (readonly number[])[], const H extends Heads, const In extends number = number>(
  options: RcnnOptions<L, K, Sizes, H, In> & RcnnFits<L, K, Sizes, H, In>
): RcnnOf<H> =>
  // The heads' functions are merged by name, which the compiler cannot follow; `RcnnOf` states what their record makes.
  assembled(options) as unknown as RcnnOf<H>

const assembled = (options: RcnnOptions<Levels, number, readonly (readonly number[])[], Heads>): Rcnn<unknown, Readonly<Record<string, object>>, Losses, object> => {
  const { heads, rpn: rpnDescription = rpnHead(), ...settings } = options
  const { backbone, classes, offset, pooling } = settings
  if (!Number.isInteger(classes) || classes < 2) throw new ShapeError({ operation: 'rcnn', operand: 'classes', expected: 'at least 2, the background included', found: String(classes) })
  const channels = backbone.levels[0]?.channels ?? 0
  if (backbone.levels.some((level) => level.channels !== channels)) {
    throw new ShapeError({ operation: 'rcnn', operand: 'backbone', expected: 'levels of one number of channels (put an fpn on it)', found: backbone.levels.map((level) => level.channels).join(', ') })
  }
  if (settings.anchors.sizes.length !== backbone.levels.length) {
    throw new ShapeError({ operation: 'rcnn', operand: 'anchors.sizes', expected: `${backbone.levels.length} lists, one for each level`, found: `${settings.anchors.sizes.length} lists` })
  }
  const context: HeadContext = { channels, classes, conventions: settings }
  const { box: boxHead, ...others } = heads
  const box: ReturnType<BoxHead['build']> = boxHead.build(context)
  const rest = Object.entries(others).map(([name, value]) => {
    if (value.kind !== 'roi head') throw new ShapeError({ operation: 'rcnn', operand: `heads.${name}`, expected: 'a head that describes detections; only heads.box makes them', found: value.kind })
    const head = functionsOf(value)
    return { name, head, functions: head.build(context) }
  })
  const [sizes = 1, ...otherSizes] = settings.anchors.sizes.map((list) => list.length)
  if (otherSizes.some((count) => count !== sizes)) {
    throw new ShapeError({ operation: 'rcnn', operand: 'anchors.sizes', expected: 'as many sizes for each level, as all levels share one head', found: [sizes, ...otherSizes].join(', ') })
  }
  const rpn = rpnDescription.build({ channels, anchors: sizes * settings.anchors.ratios.length })
  const parts = {
    backbone: backbone.module,
    rpn: { init: initAll({ head: rpn.module }) },
    roi_heads: { init: initAll(disjoint('parts', [box.parts, ...rest.map(({ functions }) => functions.parts)])) }
  }
  const pooledLevels = backbone.levels.slice(0, backbone.pooled)
  const scales = pooledLevels.map(({ stride }) => 1 / stride)
  const levels = { ...pooling, finestLevel: Math.log2(pooledLevels[0]?.stride ?? 4), levels: scales.length, offset, scales }
  const poolFrom =
    (maps: readonly Real[]): Pool =>
    (boxes, image, size) =>
      poolRegions(maps.slice(0, scales.length), boxes, image, { ...levels, size })
  const features = (scope: Scope, images: Real): readonly Real[] => scope.module('backbone', backbone.module, images)
  const predictions = (scope: Scope, maps: readonly Real[]): readonly LevelPrediction[] => scope.module('rpn', stage((inner, x: readonly Real[]) => inner.module('head', rpn.module, x)), maps)

  const infer = (params: Trees, state: Trees, { images, imageSizes }: TensorsOf<InferenceValues>) => {
    const scope = scopeOf('infer', params, state)
    const [n = 0, , height = 0, width = 0] = images.shape
    const maps = features(scope, images)
    const levelPredictions = predictions(scope, maps)
    const proposals = proposalsFrom(levelPredictions, anchorsOf(settings, height, width), imageSizes, settings.testProposals, offset)
    const pool = poolFrom(maps)
    return scope.module(
      'roi_heads',
      stage((inner, _input: null) => {
        const { detections, stages = {} } = box.infer(inner, { pool, proposals, imageSizes })
        const image = imageOfRows(n, detections.scores.shape[1] ?? 0)
        const described = rest.map(({ functions }) => functions.infer(inner, { pool, detections, image }))
        return {
          detections: { ...detections, boxes: exclusive(detections.boxes, offset), ...disjoint('results', described.map(({ results }) => results)) },
          stages: disjoint<StageRecord>('stages', [stages, ...described.map((one) => one.stages ?? {})]),
          maps,
          levelPredictions,
          proposals
        }
      }),
      null
    )
  }

  return {
    options: { ...settings, targets: (items, layout) => Object.fromEntries(rest.map(({ name, head }) => [name, head.targets(items, layout)])) },
    init: (key) => initAll(parts)(key, ''),
    train: (params, state, batch) => {
      const scope = scopeOf('train', params, state)
      const [n = 0, , height = 0, width = 0] = batch.images.shape
      const objects = batch.valid.shape[1] ?? 0
      const maps = features(scope, batch.images)
      const levelPredictions = predictions(scope, maps)
      const drawn = rpn.at?.(treesAt(treesAt(params, 'rpn'), 'head'), maps, batch.rpnIndex) ?? predictionsAt(levelPredictions, batch.rpnIndex)
      const rpnLoss = rpnLosses(drawn, batch, settings.rpnLoss.beta)
      const proposals = proposalsFrom(levelPredictions, anchorsOf(settings, height, width), batch.imageSizes, settings.trainProposals, offset)
      const { losses: boxLosses, rois } = scope.module(
        'roi_heads',
        stage((inner, _input: null) => box.train(inner, { pool: poolFrom(maps), proposals, truth: batch, priority: batch.roiPriority })),
        null
      )
      const positive = positiveRois(rois, n * Math.max(1, Math.floor(settings.sampling.batch * settings.sampling.positiveFraction)), objects)
      const truth: GroundTruth = { boxes: batch.boxes, labels: batch.labels, valid: batch.valid }
      const before = scope.state()
      const [headLosses, headStates] = trainHeads(
        rest.map(({ name, functions }) => ({ functions, targets: batch.targets[name] ?? {} })),
        { params: treesAt(params, 'roi_heads'), state: treesAt(before, 'roi_heads') },
        { maps, poolFrom, positive, rois, truth }
      )
      const losses = disjoint<Losses>('losses', [{ loss_objectness: rpnLoss.objectness, loss_rpn_box_reg: rpnLoss.box }, boxLosses, ...headLosses])
      return [losses, { ...before, roi_heads: { ...treesAt(before, 'roi_heads'), ...headStates } }]
    },
    infer: (params, state, batch) => infer(params, state, batch).detections,
    stages: (params, state, batch) => {
      const all = infer(params, state, batch)
      return {
        fpn: all.maps,
        'rpn.logits': all.levelPredictions.map(({ logits }) => logits),
        'rpn.deltas': all.levelPredictions.map(({ deltas }) => deltas),
        proposals: all.proposals.boxes,
        'proposals.valid': all.proposals.valid,
        'proposals.scores': sigmoid(all.proposals.scores),
        ...all.stages
      }
    }
  }
}
