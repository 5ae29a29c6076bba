import { add, concatenate, expandDims, greater, iota, max, min, mul, select, sub } from '@tabula/tensor'
import type { Shape, Tensor } from '@tabula/tensor'
import { column } from './geometry.js'

type Real = Tensor<Shape, 'f32'>

/** How four numbers make a box: two corners; a corner and sides (COCO's files); the centre and sides. */
export type BoxFormat = 'xyxy' | 'xywh' | 'cxcywh'

/** Boxes `[…, 4]` of one format in another, in any unit (torchvision's `box_convert`): `convertBoxes({ from: 'xywh', to: 'xyxy' })(boxes)`. */
export const convertBoxes =
  ({ from, to }: { readonly from: BoxFormat; readonly to: BoxFormat }) =>
  (boxes: Real): Real => {
    if (from === to) return boxes
    const axis = boxes.shape.length - 1
    const join = (columns: readonly [Real, Real, Real, Real]): Real => concatenate({ axis })(columns)
    const [a, b, c, d] = [column(boxes, 0), column(boxes, 1), column(boxes, 2), column(boxes, 3)]
    const corners = (): readonly [Real, Real, Real, Real] => {
      if (from === 'xyxy') return [a, b, c, d]
      if (from === 'xywh') return [a, b, add(a, c), add(b, d)]
      const [w, h]: readonly [Real, Real] = [mul(c, 0.5), mul(d, 0.5)]
      return [sub(a, w), sub(b, h), add(a, w), add(b, h)]
    }
    const [x1, y1, x2, y2] = corners()
    if (to === 'xyxy') return join([x1, y1, x2, y2])
    const [w, h]: readonly [Real, Real] = [sub(x2, x1), sub(y2, y1)]
    return join(to === 'xywh' ? [x1, y1, w, h] : [mul(add(x1, x2), 0.5), mul(add(y1, y2), 0.5), w, h])
  }

/**
 * The boxes of bitmaps `[N, H, W]`: first and last column and row of their pixels, x1, y1, x2, y2 `[N, 4]` (torchvision's `masks_to_boxes`; the
 * last pixel, not one past it). Zeros for a bitmap without a pixel.
 */
export const boxesOfMasks = (masks: Tensor<Shape, 'bool'>): Real => {
  const [n = 0, height = 0, width = 0] = masks.shape
  const extremes = (positions: Real): readonly [Real, Real] => {
    const last: Real = max({ axes: [1, 2] })<'f32'>(select(masks, positions, -1))
    const first: Real = min({ axes: [1, 2] })<'f32'>(select(masks, positions, Math.max(height, width)))
    const found = greater(last, -1)
    return [expandDims({ axis: 1 })(select(found, first, 0)), expandDims({ axis: 1 })(select(found, last, 0))]
  }
  const [x1, x2] = extremes(iota('f32', [n, height, width], { axis: 2 }))
  const [y1, y2] = extremes(iota('f32', [n, height, width], { axis: 1 }))
  return concatenate({ axis: 1 })([x1, y1, x2, y2])
}
