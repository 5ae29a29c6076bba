import { bind, bindAll } from '../bind.js'
import type { Dtype } from '../dtype.js'
import type { Tensor } from '../node.js'
import type { RoiAlignAttributes } from '../primitive.js'
import type { Shape } from '../shape-types.js'
import { resolveAxis } from '../shape.js'
import type { Sizes } from '../shape.js'
import { assume } from './typed.js'

/** Elements at `indices` along an axis; the first `batchDims` axes of both are shared. See the primitive `gather`. */
export const gather =
  (indices: Tensor<Shape, 'i32'>, { axis, batchDims = 0 }: { readonly axis: number; readonly batchDims?: number }) =>
  <D extends Dtype>(x: Tensor<Shape, D>): Tensor<Shape, D> =>
    assume(bind('gather', { axis: resolveAxis('gather', axis, x.shape.length), batchDims }, x, indices))

/** Zeros of `size` along an axis plus `updates` at `indices`, equal indices adding up: the transpose of `gather`. */
export const scatterAdd =
  (indices: Tensor<Shape, 'i32'>, options: { readonly axis: number; readonly size: number; readonly batchDims?: number; readonly uniqueIndices?: boolean }) =>
  <D extends 'f32' | 'i32'>(updates: Tensor<Shape, D>): Tensor<Shape, D> =>
    assume(
      bind(
        'scatterAdd',
        { axis: options.axis, size: options.size, batchDims: options.batchDims ?? 0, uniqueIndices: options.uniqueIndices ?? false },
        indices,
        updates
      )
    )

/** Values and where they were. */
export interface Ranked {
  readonly values: Tensor<Shape, 'f32'>
  readonly indices: Tensor<Shape, 'i32'>
}

/** The k largest along the last axis, largest first; equal ones in index order. */
export const topK =
  ({ k }: { readonly k: number }) =>
  (x: Tensor<Shape, 'f32'>): Ranked => {
    const [values, indices] = bindAll('topK', { k }, x)
    if (values === undefined || indices === undefined) throw new RangeError('topK has two outputs')
    return { values: assume(values), indices: assume(indices) }
  }

/** Settings of non-maximum suppression: see the primitive `nms`. */
export interface NmsOptions {
  readonly iouThreshold: number
  /** Suppress at IoU ≥ threshold (Detectron) rather than > (detectron2, torchvision). */
  readonly inclusive?: boolean
  /** 1 for Detectron's inclusive-pixel boxes. */
  readonly offset?: 0 | 1
}

/** Which of `[B, S, 4]` boxes survive greedy suppression by descending `[B, S]` scores; a score of −∞ never does. */
export const nms =
  ({ iouThreshold, inclusive = false, offset = 0 }: NmsOptions) =>
  (boxes: Tensor<Shape, 'f32'>, scores: Tensor<Shape, 'f32'>): Tensor<Shape, 'bool'> =>
    assume(bind('nms', { iouThreshold, inclusive, offset }, boxes, scores))

/** Boxes to pool, with the image and the feature level of each. */
export interface Rois {
  /** `[R, 4]`: x1, y1, x2, y2 in image pixels. */
  readonly boxes: Tensor<Shape, 'f32'>
  /** `[R]` */
  readonly image: Tensor<Shape, 'i32'>
  /** `[R]`, an index into the features. */
  readonly level: Tensor<Shape, 'i32'>
}

/** RoIAlign over feature levels `[N, C, H_l, W_l]` → `[R, C, OH, OW]` (Mask R-CNN §3). No derivative in the boxes. */
export const roiAlign =
  (options: RoiAlignAttributes) =>
  (features: readonly Tensor<Shape, 'f32'>[], { boxes, image, level }: Rois): Tensor<Shape, 'f32'> =>
    assume(bind('roiAlign', options, ...features, boxes, image, level))

/** 0, 1, 2 … along one axis of the given shape. */
export const iota = <D extends 'f32' | 'i32'>(dtype: D, shape: Sizes, { axis = 0 }: { readonly axis?: number } = {}): Tensor<Shape, D> =>
  assume(bind('iota', { shape, dtype, axis: resolveAxis('iota', axis, shape.length) }))

/** One where the index equals the position along a new last axis of `size`, else zero. */
export const oneHot =
  ({ size }: { readonly size: number }) =>
  (indices: Tensor<Shape, 'i32'>): Tensor<Shape, 'f32'> => {
    const positions = bind('iota', { shape: [size], dtype: 'i32', axis: 0 })
    const column = bind('reshape', { shape: [...indices.shape, 1] }, indices)
    return assume(bind('cast', { dtype: 'f32' }, bind('equal', {}, column, positions)))
  }
