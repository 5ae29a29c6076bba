import { floats, foldIn, hostValue, integers, permutation } from '@tabula/tensor'
import type { HostValue, Key } from '@tabula/tensor'
import { anchorsFor } from '../anchors/anchors.js'
import type { Anchors } from '../anchors/anchors.js'
import { rpnTargets } from '../matching/rpn-targets.js'
import type { Sampling } from '../matching/rpn-targets.js'
import type { MaskRcnnOptions } from './options.js'

/** One image's objects, in the pixels of the batch. */
export interface ImageTargets {
  /** Before padding, in pixels. */
  readonly height: number
  readonly width: number
  /** x1, y1, x2, y2 for each object. */
  readonly boxes: Float32Array
  /** 1 … K for each object. */
  readonly labels: Int32Array
  /** Row-major bitmaps of height × width bytes, one after another. */
  readonly masks: Uint8Array
}

/** Images and their objects, as a data loader gives them. */
export interface DetectionBatch {
  /** `[N, 3, H, W]`, normalized and padded. */
  readonly images: Float32Array
  readonly height: number
  readonly width: number
  readonly items: readonly ImageTargets[]
}

/** Images for inference. */
export interface InferenceValues {
  readonly images: HostValue<'f32'>
  /** `[N, 2]`: heights and widths before padding. */
  readonly imageSizes: HostValue<'f32'>
}

/** Everything a training step reads, with fixed capacities so that one program serves all batches of one image size. */
export interface TrainingValues extends InferenceValues {
  /** `[N, G, 4]` */
  readonly boxes: HostValue<'f32'>
  readonly labels: HostValue<'i32'>
  readonly valid: HostValue<'f32'>
  /** `[N·G, H, W]`; beyond an image smaller than that, its last row and column once more, then nothing. */
  readonly masks: HostValue<'bool'>
  /** Drawn anchors `[N, S]`, into all levels' anchors; `rpnWeight` is 1 over the batch's number of them. */
  readonly rpnIndex: HostValue<'i32'>
  readonly rpnLabel: HostValue<'f32'>
  readonly rpnWeight: HostValue<'f32'>
  readonly rpnBox: HostValue<'f32'>
  /** `[N, P + G]`, distinct numbers in (0, 1). */
  readonly roiPriority: HostValue<'f32'>
}

/** Sizes of the pyramid's levels for an image: each stride's map, and one more that halves the last. */
export const levelSizes = (strides: readonly number[], height: number, width: number): readonly (readonly [number, number])[] => {
  const sizes = strides.map((stride) => [Math.ceil(height / stride), Math.ceil(width / stride)] as const)
  const [h, w] = sizes.at(-1) ?? [height, width]
  return [...sizes, [Math.ceil(h / 2), Math.ceil(w / 2)]]
}

/** The anchors of a model for images of one padded size. */
export const anchorsOf = ({ anchors, backbone }: MaskRcnnOptions, height: number, width: number): Anchors => anchorsFor(anchors, levelSizes(backbone.strides, height, width), [height, width])

/** Proposals a training image has, whatever its content. */
export const proposalCount = (options: MaskRcnnOptions, height: number, width: number): number => {
  const { perLevel } = anchorsOf(options, height, width)
  const candidates = perLevel.reduce((sum, level) => sum + Math.min(options.trainProposals.preNms, level.length / 4), 0)
  return Math.min(options.trainProposals.postNms, candidates)
}

/** A batch's images as values. */
export const inferenceValues = ({ images, height, width, items }: Omit<DetectionBatch, 'items'> & { readonly items: readonly Pick<ImageTargets, 'height' | 'width'>[] }): InferenceValues => ({
  images: floats([items.length, 3, height, width], images),
  imageSizes: floats(
    [items.length, 2],
    items.flatMap((item) => [item.height, item.width])
  )
})

/** How the batch's random choices are made: by a key, or in order, for comparisons with recordings. */
export type BatchSampling = { readonly _tag: 'random'; readonly key: Key } | { readonly _tag: 'first' }

/**
 * A training step's inputs: pads objects to `capacity` an image (the first ones count, should there be more), matches and draws anchors, and
 * draws the regions' priorities. Depends on ground truth and the key alone.
 */
export const trainingValues = (options: MaskRcnnOptions, batch: DetectionBatch, capacity: number, sampling: BatchSampling): TrainingValues => {
  const { height, width, items } = batch
  const n = items.length
  const s = options.rpnTargets.batch
  const q = proposalCount(options, height, width) + capacity
  const anchors = anchorsOf(options, height, width)
  const boxes = new Float32Array(n * capacity * 4)
  const labels = new Int32Array(n * capacity)
  const valid = new Float32Array(n * capacity)
  const masks = new Uint8Array(n * capacity * height * width)
  const rpn = { index: new Int32Array(n * s), label: new Float32Array(n * s), weight: new Float32Array(n * s), box: new Float32Array(n * s * 4) }
  const priority = new Float32Array(n * q)
  let drawn = 0
  items.forEach((item, i) => {
    const count = Math.min(capacity, item.labels.length)
    boxes.set(item.boxes.subarray(0, count * 4), i * capacity * 4)
    labels.set(item.labels.subarray(0, count), i * capacity)
    valid.fill(1, i * capacity, i * capacity + count)
    for (let g = 0; g < count; g++) {
      // The last row and column once more: a sample between the last pixel's centre and the image's edge reads the last pixel, as it
      // does in a mask that is not padded.
      for (let y = 0; y < Math.min(height, item.height + 1); y++) {
        const from = (g * item.height + Math.min(y, item.height - 1)) * item.width
        const to = ((i * capacity + g) * height + y) * width
        masks.set(item.masks.subarray(from, from + item.width), to)
        if (item.width < width) masks[to + item.width] = item.masks[from + item.width - 1] ?? 0
      }
    }
    const own: Sampling = sampling._tag === 'first' ? sampling : { _tag: 'random', key: foldIn(sampling.key, 2 * i) }
    const targets = rpnTargets(anchors, item.boxes.subarray(0, count * 4), options.rpnTargets, own)
    drawn += targets.drawn
    rpn.index.set(targets.index, i * s)
    rpn.label.set(targets.label, i * s)
    rpn.weight.set(targets.weight, i * s)
    rpn.box.set(targets.box, i * s * 4)
    const order = sampling._tag === 'first' ? undefined : permutation(foldIn(sampling.key, 2 * i + 1), q)
    for (let k = 0; k < q; k++) priority[i * q + k] = (q - Number(order?.data[k] ?? k)) / (q + 1)
  })
  const share = 1 / Math.max(1, drawn)
  return {
    ...inferenceValues(batch),
    boxes: floats([n, capacity, 4], boxes),
    labels: integers([n, capacity], labels),
    valid: floats([n, capacity], valid),
    masks: hostValue('bool', [n * capacity, height, width], masks),
    rpnIndex: integers([n, s], rpn.index),
    rpnLabel: floats([n, s], rpn.label),
    rpnWeight: floats(
      [n, s],
      rpn.weight.map((weight) => weight * share)
    ),
    rpnBox: floats([n, s, 4], rpn.box),
    roiPriority: floats([n, q], priority)
  }
}
