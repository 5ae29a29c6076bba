import { either as E } from 'fp-ts'
import { describe, expect, test } from 'vitest'
import { decodeBitmap, rasterizePolygon } from '@tabula/coco'
import { detectron, detectron2, maskTargets } from '@tabula/detection'
import { constant, floats, graphOf, hostValue, integers, key, uniform } from '@tabula/tensor'
import { evaluate } from '@tabula/tensor/reference'

const cells = 28

/** A star-shaped polygon of 24 corners around a place, its radius between half and all of `radius` pixels. */
const star = (seed: number, [x, y]: readonly [number, number], radius: number): readonly number[] => {
  const radii = uniform(key(seed), [24], radius / 2, radius).data
  return Array.from(radii, (r, k) => [x + r * Math.cos((k * Math.PI) / 12), y + r * Math.sin((k * Math.PI) / 12)]).flat()
}

/** Of the cells of one region's target, the share that differs between the bitmap's and the polygon's, and their IoU. */
const differenceOf = (seed: number, radius: number): { readonly share: number; readonly iou: number } => {
  const side = Math.ceil(2.6 * radius)
  const outline = star(seed, [side / 2, side / 2], radius)
  const [xs, ys] = [0, 1].map((axis) => outline.filter((_, k) => k % 2 === axis))
  const extremes = [Math.min(...(xs ?? [])), Math.min(...(ys ?? [])), Math.max(...(xs ?? [])), Math.max(...(ys ?? []))]
  // A region as drawn in training: the object's box, corners up to 15 % of a side off.
  const off = uniform(key(seed + 1), [4], -0.15, 0.15).data
  const box = extremes.map((corner, k) => corner + Number(off[k]) * ((extremes[2 + (k % 2)] ?? 0) - (extremes[k % 2] ?? 0)))
  const [x1 = 0, y1 = 0, x2 = 0, y2 = 0] = box
  // Detectron's `polys_to_mask_wrt_box`.
  const moved = outline.map((v, k) => ((v - (k % 2 === 0 ? x1 : y1)) * cells) / Math.max(k % 2 === 0 ? x2 - x1 : y2 - y1, 1))
  const polygon = decodeBitmap(rasterizePolygon(moved, cells, cells))
  const bitmap = constant(hostValue('bool', [1, side, side], decodeBitmap(rasterizePolygon(outline, side, side))))
  const target = maskTargets({ boxes: constant(floats([1, 4], box)), maskRow: constant(integers([1], [0])) }, bitmap, cells, detectron.maskTargets)
  const outcome = evaluate(graphOf([], [target]), [])
  if (E.isLeft(outcome)) throw new Error(outcome.left.message)
  const ours = Array.from(outcome.right[0]?.data ?? [], Number)
  const count = (holds: (a: number, b: number) => boolean): number => ours.filter((a, k) => holds(a, polygon[k] ?? NaN)).length
  return { share: count((a, b) => a !== b) / cells ** 2, iou: count((a, b) => a + b === 2) / count((a, b) => a + b > 0) }
}

const meanOf = (numbers: readonly number[]): number => numbers.reduce((a, b) => a + b, 0) / numbers.length

describe("mask targets pooled from bitmaps, as the presets make them, beside Detectron's, rasterized from polygons in the region", () => {
  test.each([
    ['small', 11, 0.075, 0.85],
    ['medium', 35, 0.03, 0.94],
    ['large', 120, 0.0125, 0.97]
  ])('%s objects, of a radius of %i pixels: at most a share of %f of the cells differs, and the IoU is at least %f', (_size, radius, share, iou) => {
    const found = Array.from({ length: 30 }, (_, k) => differenceOf(2 * k, radius))
    expect(meanOf(found.map((one) => one.share))).toBeLessThan(share)
    expect(meanOf(found.map((one) => one.share))).toBeGreaterThan(0)
    expect(meanOf(found.map((one) => one.iou))).toBeGreaterThan(iou)
  })

  test("are the same in detectron2's preset", () => expect(detectron2.maskTargets).toEqual(detectron.maskTargets))
})
