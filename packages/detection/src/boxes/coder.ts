import { add, concatenate, div, exp, log, minimum, mul, sub } from '@tabula/tensor'
import type { Shape, Tensor } from '@tabula/tensor'
import { boxSides, column, withOffset } from './geometry.js'
import type { BoxOffset } from './geometry.js'

type Real = Tensor<Shape, 'f32'>

/** Scales of the four regression targets. */
export type CoderWeights = readonly [number, number, number, number]

/** Largest logarithm of a side's growth when decoding: log(1000 / 16), in Detectron, detectron2 and torchvision. */
export const largestGrowth = Math.log(1000 / 16)

/** Centre and sides of boxes `[…, 4]`. */
const centred = (boxes: Real, offset: BoxOffset): { readonly x: Real; readonly y: Real; readonly w: Real; readonly h: Real } => {
  const { w, h } = boxSides(boxes, offset)
  return { x: add(column(boxes, 0), mul(w, 0.5)), y: add(column(boxes, 1), mul(h, 0.5)), w, h }
}

/**
 * Regression targets of `boxes` relative to `reference`, both `[…, 4]` as x1, y1, x2, y2 in pixels (R-CNN appendix C; torchvision's
 * `BoxCoder.encode`; with offset 1 Detectron's `bbox_transform_inv`). Sides must be positive: give a harmless box where a row does not count.
 */
export const encodeBoxes =
  ([wx, wy, ww, wh]: CoderWeights, offset: BoxOffset = 0) =>
  (boxes: Real, reference: Real): Real => {
    const [g, p] = [centred(boxes, offset), centred(reference, offset)]
    return concatenate({ axis: boxes.shape.length - 1 })([
      mul(div(sub(g.x, p.x), p.w), wx),
      mul(div(sub(g.y, p.y), p.h), wy),
      mul(log(div(g.w, p.w)), ww),
      mul(log(div(g.h, p.h)), wh)
    ])
  }

/**
 * Boxes `[…, 4]` from deltas relative to `reference`; leading axes broadcast. The inverse of `encodeBoxes` up to the growth limit (a logarithm). With offset 1
 * the last pixel is one before the far edge (Detectron's `bbox_transform`).
 */
export const decodeBoxes =
  ([wx, wy, ww, wh]: CoderWeights, limit = largestGrowth, offset: BoxOffset = 0) =>
  (deltas: Real, reference: Real): Real => {
    const p = centred(reference, offset)
    const x = add(mul(mul(column(deltas, 0), 1 / wx), p.w), p.x)
    const y = add(mul(mul(column(deltas, 1), 1 / wy), p.h), p.y)
    const grown = (k: number, weight: number, side: Real): Real => mul(mul(exp(minimum(mul(column(deltas, k), 1 / weight), limit)), side), 0.5)
    const [w, h] = [grown(2, ww, p.w), grown(3, wh, p.h)]
    return concatenate({ axis: deltas.shape.length - 1 })([sub(x, w), sub(y, h), withOffset(add(x, w), -offset), withOffset(add(y, h), -offset)])
  }
