import { add, hostValue, maximum, reshape, ShapeError, sigmoid } from '@tabula/tensor'
import type { HostValue, Shape, Tensor } from '@tabula/tensor'
import { maskLoss, maskTargets } from '../mask-rcnn/losses.js'
import type { Scalar } from '../mask-rcnn/losses.js'
import type { RoiHead, TargetLayout } from './head.js'
import { maskPredictor } from './mask-predictor.js'
import type { RegionLayers } from './region-layers.js'

/** The loss of a mask head, under torchvision's name. */
export type MaskLosses = { readonly loss_mask: Scalar }

/** What a mask head must know of an image's objects. */
export interface MaskItem {
  /** Of the image before padding, in pixels. */
  readonly height: number
  readonly width: number
  /** Row-major bitmaps of height × width bytes, one after another. */
  readonly masks: Uint8Array
}

/** A batch's masks. */
export interface MaskValues {
  /** `[N·G, H, W]`; beyond an image smaller than that, its last row and column once more, then nothing. */
  readonly masks: HostValue<'bool'>
}

/** What a mask head adds to detections. */
export interface MaskResults {
  /** `[N, D, 2·size, 2·size]` probabilities over each detection's box. */
  readonly masks: Tensor<Shape, 'f32'>
}

/** All objects' bitmaps, padded to G an image of the batch's size. Throws `ShapeError` where an image has not a bitmap for each object. */
export const paddedMasks = (items: readonly (MaskItem & { readonly labels: Int32Array })[], { capacity, height, width }: TargetLayout): HostValue<'bool'> => {
  const masks = new Uint8Array(items.length * capacity * height * width)
  items.forEach((item, i) => {
    const area = item.height * item.width
    if (item.masks.length !== item.labels.length * area) {
      throw new ShapeError({ operation: 'maskHead', operand: `items.${i}.masks`, expected: `${item.labels.length} bitmaps of ${item.height} × ${item.width} pixels`, found: `${item.masks.length} bytes` })
    }
    for (let g = 0; g < Math.min(capacity, item.labels.length); g++) {
      // The last row and column once more: a sample between the last pixel's centre and the image's edge reads the last pixel, as it
      // does in a mask that is not padded.
      for (let y = 0; y < Math.min(height, item.height + 1); y++) {
        const from = (g * item.height + Math.min(y, item.height - 1)) * item.width
        const to = ((i * capacity + g) * height + y) * width
        masks.set(item.masks.subarray(from, from + item.width), to)
        if (item.width < width) masks[to + item.width] = item.masks[from + item.width - 1] ?? 0
      }
    }
  })
  return hostValue('bool', [items.length * capacity, height, width], masks)
}

/**
 * The mask head of Mask R-CNN (He et al. 2017 §3): layers on pooled regions, a transposed convolution, and for each class a map of twice the
 * region's size. Parameters: `mask_head`, `mask_predictor`.
 */
export const maskHead = <const In extends number, const W extends number>(layers: RegionLayers<In, W>): RoiHead<In, MaskItem, MaskValues, MaskLosses, MaskResults> => ({
  kind: 'roi head',
  ...(layers.channels === undefined ? {} : { channels: layers.channels }),
  targets: (items, layout) => ({ masks: paddedMasks(items, layout) }),
  build: ({ channels, classes, conventions }) => {
    const head = layers.layer(channels)
    const objectsOnly = conventions.layout.outputs === 'objects'
    const predictor = maskPredictor(layers.width, layers.width, objectsOnly ? classes - 1 : classes)
    // Where there is no map for the background, object k has map k − 1; rows without an object carry no weight.
    const mapOf = (labels: Tensor<Shape, 'i32'>): Tensor<Shape, 'i32'> => (objectsOnly ? maximum(add(labels, -1), 0) : labels)
    return {
      parts: { mask_head: head, mask_predictor: predictor },
      rows: 'positive',
      train: (scope, { pool, positive, targets: { masks } }) => {
        const regions = scope.layer('mask_head', head, pool(positive.boxes, positive.image, layers.size), { rows: positive.positive })
        const logits = scope.module('mask_predictor', predictor, { regions, labels: mapOf(positive.labels) })
        return { loss_mask: maskLoss(logits, maskTargets(positive, masks, logits.shape[1] ?? 0, conventions.maskTargets), positive.positive) }
      },
      infer: (scope, { pool, detections, image }) => {
        const [n = 0, d = 0] = detections.scores.shape
        const pooled = pool(reshape([-1, 4])(detections.boxes), image, layers.size)
        const regions = scope.layer('mask_head', head, pooled)
        const logits = scope.module('mask_predictor', predictor, { regions, labels: mapOf(reshape([-1])(detections.labels)) })
        const [, h = 0, w = 0] = logits.shape
        return { results: { masks: reshape([n, d, h, w])(sigmoid(logits)) }, stages: { mask_pool: pooled, mask_features: regions, mask_logits: logits } }
      }
    }
  }
})
