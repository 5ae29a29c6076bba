import { describe, expect } from 'vitest'
import { fc, test } from '@fast-check/vitest'
import { boxAreas, clipBoxes, giouLoss, hasSides, overlapsOf, pairwiseGiou, pairwiseIou } from '../../src/index.js'
import { boxBatch, doubles, numbersOf } from '../support/evaluate.js'

const position = fc.integer({ min: -50, max: 50 }).map((x) => x / 4)
const side = fc.integer({ min: 1, max: 60 }).map((x) => x / 4)
const box = fc.tuple(position, position, side, side).map(([x, y, w, h]) => [x, y, x + w, y + h])
const boxes = fc.array(box, { minLength: 1, maxLength: 6 })

describe('overlaps', () => {
  test('by hand: two squares of 4 that share a quarter', () => {
    const [a, b] = [boxBatch([[0, 0, 4, 4]]), boxBatch([[2, 2, 6, 6]])]
    expect(numbersOf(pairwiseIou(a, b))).toEqual([4 / 28])
    // The enclosing square of 6 has 8 of its 36 cells in neither.
    expect(numbersOf(pairwiseGiou(a, b))[0]).toBeCloseTo(4 / 28 - 8 / 36, 12)
    // Where both end pixels count, they are squares of 5 that share 3 × 3.
    expect(numbersOf(pairwiseIou(a, b, 1))[0]).toBeCloseTo(9 / 41, 12)
    expect(numbersOf(boxAreas(a, 1))).toEqual([25])
  })

  test('by hand: boxes apart have a GIoU below 0, which tells how far', () => {
    expect(numbersOf(pairwiseGiou(boxBatch([[0, 0, 1, 1]]), boxBatch([[1, 0, 2, 1], [3, 0, 4, 1]]))).map((x) => expect.closeTo(x, 12))).toEqual([0, -0.5])
  })

  test.prop([boxes, boxes, fc.constantFrom<0 | 1>(0, 1)])('on the host are those of the expression', (a, b, offset) => {
    const expected = numbersOf(pairwiseIou(boxBatch(a), boxBatch(b), offset))
    const { rows, columns, data } = overlapsOf(a.flat(), b.flat(), { precision: 'double', offset })
    expect([rows, columns]).toEqual([a.length, b.length])
    Array.from(data).forEach((x, k) => expect(x).toBeCloseTo(expected[k] ?? NaN, 12))
    Array.from(overlapsOf(a.flat(), b.flat(), { offset }).data).forEach((x, k) => expect(x).toBeCloseTo(expected[k] ?? NaN, 6))
  })

  test.prop([boxes])('with themselves are symmetric, 1 on the diagonal, GIoU between −1 and IoU, and the loss 1 − GIoU', (a) => {
    const n = a.length
    const [iou, giou] = [numbersOf(pairwiseIou(boxBatch(a), boxBatch(a))), numbersOf(pairwiseGiou(boxBatch(a), boxBatch(a)))]
    const turned = [...a.slice(1), ...a.slice(0, 1)]
    const loss = numbersOf(giouLoss(boxBatch(a), boxBatch(turned)))
    for (let i = 0; i < n; i++) {
      expect(iou[i * n + i]).toBeCloseTo(1, 12)
      expect(loss[i]).toBeCloseTo(1 - (giou[i * n + ((i + 1) % n)] ?? NaN), 5)
      for (let j = 0; j < n; j++) {
        expect(iou[i * n + j]).toBeCloseTo(iou[j * n + i] ?? NaN, 12)
        expect(giou[i * n + j]).toBeLessThanOrEqual((iou[i * n + j] ?? NaN) + 1e-12)
        expect(giou[i * n + j]).toBeGreaterThanOrEqual(-1)
      }
    }
  })
})

describe('cutting and filtering', () => {
  const sizes = doubles([1, 2], [10, 20])
  test('corners lie in 0 … W, or on its pixels', () => {
    const out = boxBatch([[-3, 4, 25, 12]])
    expect(numbersOf(clipBoxes(out, sizes))).toEqual([0, 4, 20, 10])
    expect(numbersOf(clipBoxes(out, sizes, 1))).toEqual([0, 4, 19, 9])
  })
  test('a box of one pixel has a side of 0, or of 1 where both ends count', () => {
    const pixel = boxBatch([[3, 3, 3, 3]])
    expect(numbersOf(hasSides(pixel, 1))).toEqual([0])
    expect(numbersOf(hasSides(pixel, 1, 1))).toEqual([1])
  })
})
