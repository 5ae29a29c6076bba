import { add, and, concatenate, div, greaterEqual, maximum, minimum, mul, relu, reshape, sub, transpose } from '@tabula/tensor'
import type { Shape, Tensor } from '@tabula/tensor'
import { column } from './coder.js'

type Real = Tensor<Shape, 'f32'>

/** Areas of boxes `[…, 4]`: `[…, 1]`, in square pixels. */
export const boxAreas = (boxes: Real): Real => mul(sub(column(boxes, 2), column(boxes, 0)), sub(column(boxes, 3), column(boxes, 1)))

/** Column k of `[N, G, 4]` as `[N, 1, G]`. */
const row = (boxes: Real, k: number): Real => transpose([0, 2, 1])(column(boxes, k))

/** IoU of `[N, A, 4]` with `[N, G, 4]`: `[N, A, G]`. A pair of boxes without area gives NaN, as 0 / 0. */
export const pairwiseIou = (a: Real, b: Real): Real => {
  const side = (low: number, high: number): Real => relu(sub(minimum(column(a, high), row(b, high)), maximum(column(a, low), row(b, low))))
  const shared = mul(side(0, 2), side(1, 3))
  const together = sub(add(boxAreas(a), transpose([0, 2, 1])(boxAreas(b))), shared)
  return div(shared, together)
}

/** Boxes `[N, S, 4]` cut to their images, whose `[N, 2]` heights and widths are given in pixels. */
export const clipBoxes = (boxes: Real, imageSizes: Real): Real => {
  const [height, width] = [reshape([-1, 1, 1])(column(imageSizes, 0)), reshape([-1, 1, 1])(column(imageSizes, 1))]
  const cut = (k: number, limit: Real): Real => minimum(maximum(column(boxes, k), 0), limit)
  return concatenate({ axis: 2 })([cut(0, width), cut(1, height), cut(2, width), cut(3, height)])
}

/** Whether both sides of boxes `[N, S, 4]` are at least `side` pixels: `[N, S]`. */
export const hasSides = (boxes: Real, side: number): Tensor<Shape, 'bool'> => {
  const [w, h] = [sub(column(boxes, 2), column(boxes, 0)), sub(column(boxes, 3), column(boxes, 1))]
  return reshape(boxes.shape.slice(0, -1))(and(greaterEqual(w, side), greaterEqual(h, side)))
}
