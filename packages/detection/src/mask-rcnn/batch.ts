import { floats, foldIn, integers, permutation, ShapeError } from '@tabula/tensor'
import type { HostValue, Key } from '@tabula/tensor'
import { anchorsFor } from '../anchors/anchors.js'
import type { Anchors } from '../anchors/anchors.js'
import { rpnTargets } from '../matching/rpn-targets.js'
import type { Sampling } from '../matching/rpn-targets.js'
import type { MaskItem, MaskValues } from '../heads/mask-head.js'
import type { TargetLayout } from '../heads/head.js'
import type { RcnnSettings } from './options.js'

/** One image's objects, in the pixels of the batch: what every R-CNN must know of them. */
export interface ImageObjects {
  /** Before padding, in pixels. */
  readonly height: number
  readonly width: number
  /** x1, y1, x2, y2 for each object, corners exclusive. */
  readonly boxes: Float32Array
  /** 1 … K for each object. */
  readonly labels: Int32Array
}

/** One image's objects with their masks, as Mask R-CNN must know them. */
export interface ImageTargets extends ImageObjects, MaskItem {}

/** Images and their objects, as a data loader gives them. */
export interface DetectionBatch<Item = ImageTargets> {
  /** `[N, 3, H, W]`, normalized and padded. */
  readonly images: Float32Array
  readonly height: number
  readonly width: number
  readonly items: readonly Item[]
}

/** What inference reads: padded images and their sizes before padding. */
export interface InferenceValues {
  readonly images: HostValue<'f32'>
  /** `[N, 2]`: heights and widths before padding. */
  readonly imageSizes: HostValue<'f32'>
}

/** Everything a training step reads but for the targets of heads, with fixed capacities so that one program serves all batches of one image size. */
export interface RcnnValues extends InferenceValues {
  /** `[N, G, 4]`, in the conventions' corners: the last pixel where sides count both ends. */
  readonly boxes: HostValue<'f32'>
  readonly labels: HostValue<'i32'>
  readonly valid: HostValue<'f32'>
  /** Drawn anchors `[N, S]`, into all levels' anchors; `rpnWeight` is 1 over the number that the objectness loss is divided by. */
  readonly rpnIndex: HostValue<'i32'>
  readonly rpnLabel: HostValue<'f32'>
  readonly rpnWeight: HostValue<'f32'>
  /** Regression targets `[N, S, 4]`; `rpnBoxWeight` `[N, S]` is 1 over the number that their loss is divided by where an anchor is positive, else 0. */
  readonly rpnBox: HostValue<'f32'>
  readonly rpnBoxWeight: HostValue<'f32'>
  /** `[N, P + G]`, distinct numbers in (0, 1). */
  readonly roiPriority: HostValue<'f32'>
}

/** Everything a training step reads, with the targets of each head by its name: of Mask R-CNN where `Targets` is not given. */
export interface TrainingValues<Targets = { readonly mask: MaskValues }> extends RcnnValues {
  readonly targets: Targets
}

/** Heights and widths of the levels' maps of an image. */
export const levelSizes = (strides: readonly number[], height: number, width: number): readonly (readonly [number, number])[] =>
  strides.map((stride) => [Math.ceil(height / stride), Math.ceil(width / stride)] as const)

/** The anchors of a model for images of one padded size. */
export const anchorsOf = ({ anchors, backbone }: Pick<RcnnSettings, 'anchors' | 'backbone'>, height: number, width: number): Anchors => {
  const strides = backbone.levels.map(({ stride }) => stride)
  return anchorsFor(anchors, levelSizes(strides, height, width), [height, width], strides)
}

/** Proposals a training image has, whatever its content. */
export const proposalCount = (options: Pick<RcnnSettings, 'anchors' | 'backbone' | 'trainProposals'>, height: number, width: number): number => {
  const { perLevel } = anchorsOf(options, height, width)
  const candidates = perLevel.reduce((sum, level) => sum + Math.min(options.trainProposals.preNms, level.length / 4), 0)
  return Math.min(options.trainProposals.postNms, candidates)
}

/** A batch's images as values. */
export const inferenceValues = ({ images, height, width, items }: Omit<DetectionBatch, 'items'> & { readonly items: readonly Pick<ImageObjects, 'height' | 'width'>[] }): InferenceValues => ({
  images: floats([items.length, 3, height, width], images),
  imageSizes: floats(
    [items.length, 2],
    items.flatMap((item) => [item.height, item.width])
  )
})

/** How the batch's random choices are made: by a key, or in order, for comparisons with recordings. */
export type BatchSampling = { readonly _tag: 'random'; readonly key: Key } | { readonly _tag: 'first' }

/** What a model makes of a batch: settings, and the targets of its heads. */
export interface TargetSettings<Item, Targets> extends RcnnSettings {
  readonly targets: (items: readonly (Item & ImageObjects)[], layout: TargetLayout) => Targets
}

/** Throws `ShapeError` or `RangeError` where an image's objects are not what they say: then losses would be wrong without a word. */
const checkObjects = ({ boxes, labels }: ImageObjects, image: number, classes: number): void => {
  const operation = 'trainingValues'
  if (boxes.length !== 4 * labels.length) {
    throw new ShapeError({ operation, operand: `items.${image}.boxes`, expected: `4 numbers for each of ${labels.length} labels`, found: `${boxes.length} numbers` })
  }
  const broken = boxes.findIndex((x) => !Number.isFinite(x))
  if (broken >= 0) throw new RangeError(`${operation}: items.${image}.boxes.${broken}: expected a number, found ${boxes[broken]}`)
  const unknown = labels.findIndex((label) => label < 1 || label >= classes)
  if (unknown >= 0) throw new RangeError(`${operation}: items.${image}.labels.${unknown}: expected 1 … ${classes - 1}, found ${labels[unknown]}`)
}

/**
 * A training step's inputs: pads objects to `capacity` an image (the first ones count, should there be more), matches and draws anchors,
 * draws the regions' priorities, and makes the heads' targets. Depends on ground truth and the key alone. Throws `ShapeError` where an image has
 * not four numbers for each label, and `RangeError` at a label that is none of the model's classes or a box that is not of numbers.
 */
export const trainingValues = <Item, Targets>(
  options: TargetSettings<Item, Targets>,
  batch: DetectionBatch<Item & ImageObjects>,
  capacity: number,
  sampling: BatchSampling
): TrainingValues<Targets> => {
  const { height, width, items } = batch
  const { offset } = options
  const n = items.length
  const s = options.rpnTargets.batch
  const q = proposalCount(options, height, width) + capacity
  const anchors = anchorsOf(options, height, width)
  const boxes = new Float32Array(n * capacity * 4)
  const labels = new Int32Array(n * capacity)
  const valid = new Float32Array(n * capacity)
  const rpn = { index: new Int32Array(n * s), label: new Float32Array(n * s), weight: new Float32Array(n * s), ofImage: new Float32Array(n), box: new Float32Array(n * s * 4) }
  const priority = new Float32Array(n * q)
  let drawn = 0
  items.forEach((item, i) => {
    checkObjects(item, i, options.classes)
    const count = Math.min(capacity, item.labels.length)
    const own = item.boxes.subarray(0, count * 4).map((x, k) => (k % 4 < 2 ? x : x - offset))
    boxes.set(own, i * capacity * 4)
    labels.set(item.labels.subarray(0, count), i * capacity)
    valid.fill(1, i * capacity, i * capacity + count)
    const draw: Sampling = sampling._tag === 'first' ? sampling : { _tag: 'random', key: foldIn(sampling.key, 2 * i) }
    const targets = rpnTargets(anchors, own, options.rpnTargets, draw, item, offset)
    drawn += targets.drawn
    rpn.index.set(targets.index, i * s)
    rpn.label.set(targets.label, i * s)
    rpn.weight.set(targets.weight, i * s)
    rpn.box.set(targets.box, i * s * 4)
    rpn.ofImage[i] = 1 / (n * Math.max(1, targets.drawn))
    const order = sampling._tag === 'first' ? undefined : permutation(foldIn(sampling.key, 2 * i + 1), q)
    for (let k = 0; k < q; k++) priority[i * q + k] = (q - Number(order?.data[k] ?? k)) / (q + 1)
  })
  const share = 1 / (options.rpnTargets.normalizer === 'batch' ? n * s : Math.max(1, drawn))
  return {
    ...inferenceValues(batch),
    boxes: floats([n, capacity, 4], boxes),
    labels: integers([n, capacity], labels),
    valid: floats([n, capacity], valid),
    rpnIndex: integers([n, s], rpn.index),
    rpnLabel: floats([n, s], rpn.label),
    rpnWeight: floats(
      [n, s],
      rpn.weight.map((weight) => weight * share)
    ),
    rpnBox: floats([n, s, 4], rpn.box),
    rpnBoxWeight: floats(
      [n, s],
      rpn.label.map((label, k) => label * (options.rpnTargets.boxNormalizer === 'image' ? (rpn.ofImage[Math.floor(k / s)] ?? 0) : share))
    ),
    roiPriority: floats([n, q], priority),
    targets: options.targets(items, { capacity, height, width })
  }
}
