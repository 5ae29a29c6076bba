import { add, and, concatenate, div, greaterEqual, maximum, minimum, mul, relu, reshape, slice, sub, transpose } from '@tabula/tensor'
import type { Shape, Tensor } from '@tabula/tensor'

type Real = Tensor<Shape, 'f32'>

/**
 * What is added to x2 − x1 to give a box's width: 0 where corners are continuous coordinates (detectron2, torchvision), 1 where they are the
 * first and the last pixel (Detectron).
 */
export type BoxOffset = 0 | 1

/** Column k of boxes or deltas `[…, 4]`, with the last axis kept: `[…, 1]`. */
export const column = (x: Real, k: number): Real => slice({ axis: -1, start: k, limit: k + 1 })(x)

/** `x + offset`, without an operation where nothing is added. */
export const withOffset = (x: Real, offset: number): Real => (offset === 0 ? x : add(x, offset))

/** Widths and heights of boxes `[…, 4]`: `[…, 1]` each. */
export const boxSides = (boxes: Real, offset: BoxOffset = 0): { readonly w: Real; readonly h: Real } => ({
  w: withOffset(sub(column(boxes, 2), column(boxes, 0)), offset),
  h: withOffset(sub(column(boxes, 3), column(boxes, 1)), offset)
})

/** Areas of boxes `[…, 4]`: `[…, 1]`, in square pixels. */
export const boxAreas = (boxes: Real, offset: BoxOffset = 0): Real => {
  const { w, h } = boxSides(boxes, offset)
  return mul(w, h)
}

/** Column k of `[N, G, 4]` as `[N, 1, G]`. */
const row = (boxes: Real, k: number): Real => transpose([0, 2, 1])(column(boxes, k))

/** The areas that each pair of `[N, A, 4]` and `[N, G, 4]` shares and covers: `[N, A, G]`. */
const overlaps = (a: Real, b: Real, offset: BoxOffset): { readonly shared: Real; readonly together: Real } => {
  const side = (low: number, high: number): Real => relu(withOffset(sub(minimum(column(a, high), row(b, high)), maximum(column(a, low), row(b, low))), offset))
  const shared: Real = mul(side(0, 2), side(1, 3))
  return { shared, together: sub(add(boxAreas(a, offset), transpose([0, 2, 1])(boxAreas(b, offset))), shared) }
}

/** IoU of `[N, A, 4]` with `[N, G, 4]`: `[N, A, G]`. A pair of boxes without area gives NaN, as 0 / 0. */
export const pairwiseIou = (a: Real, b: Real, offset: BoxOffset = 0): Real => {
  const { shared, together } = overlaps(a, b, offset)
  return div(shared, together)
}

/** GIoU of `[N, A, 4]` with `[N, G, 4]`: the IoU less the share of the smallest enclosing box that neither covers (Rezatofighi et al. 2019): `[N, A, G]`. */
export const pairwiseGiou = (a: Real, b: Real): Real => {
  const { shared, together } = overlaps(a, b, 0)
  const enclosing: Real = mul(sub(maximum(column(a, 2), row(b, 2)), minimum(column(a, 0), row(b, 0))), sub(maximum(column(a, 3), row(b, 3)), minimum(column(a, 1), row(b, 1))))
  return sub(div(shared, together), div(sub(enclosing, together), enclosing))
}

/**
 * 1 − GIoU of boxes with as many others, both `[…, 4]`: `[…]`, from 0 to 2 (Rezatofighi et al. 2019; torchvision's `generalized_box_iou_loss`).
 * `epsilon` keeps the quotients of empty boxes finite.
 */
export const giouLoss = (a: Real, b: Real, epsilon = 1e-7): Real => {
  const side = (low: number, high: number): Real => relu(sub(minimum(column(a, high), column(b, high)), maximum(column(a, low), column(b, low))))
  const shared: Real = mul(side(0, 2), side(1, 3))
  const together: Real = sub(add(boxAreas(a), boxAreas(b)), shared)
  const enclosing: Real = mul(sub(maximum(column(a, 2), column(b, 2)), minimum(column(a, 0), column(b, 0))), sub(maximum(column(a, 3), column(b, 3)), minimum(column(a, 1), column(b, 1))))
  const giou: Real = sub(div(shared, add(together, epsilon)), div(sub(enclosing, together), add(enclosing, epsilon)))
  return reshape(a.shape.slice(0, -1))(sub(1, giou))
}

/** Boxes `[N, S, 4]` cut to their images, whose `[N, 2]` heights and widths are given in pixels: to 0 … W, or to the last pixel with offset 1. */
export const clipBoxes = (boxes: Real, imageSizes: Real, offset: BoxOffset = 0): Real => {
  const limitOf = (k: number): Real => withOffset(reshape([-1, 1, 1])(column(imageSizes, k)), -offset)
  const [height, width] = [limitOf(0), limitOf(1)]
  const cut = (k: number, limit: Real): Real => minimum(maximum(column(boxes, k), 0), limit)
  return concatenate({ axis: 2 })([cut(0, width), cut(1, height), cut(2, width), cut(3, height)])
}

/** Whether both sides of boxes `[N, S, 4]` are at least `side` pixels: `[N, S]`. */
export const hasSides = (boxes: Real, side: number, offset: BoxOffset = 0): Tensor<Shape, 'bool'> => {
  const { w, h } = boxSides(boxes, offset)
  return reshape(boxes.shape.slice(0, -1))(and(greaterEqual(w, side), greaterEqual(h, side)))
}
