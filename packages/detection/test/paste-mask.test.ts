import { describe, expect } from 'vitest'
import { fc, test } from '@fast-check/vitest'
import { detectron, detectron2, pasteBitmap, pasteMask, torchvision } from '../src/index.js'
import type { Corners, PasteRule } from '../src/index.js'

const sum = (values: ArrayLike<number>): number => Array.from(values).reduce((a, b) => a + b, 0)
const full = { probabilities: new Float32Array(16).fill(1), side: 4 }
const left = { probabilities: Float32Array.from({ length: 16 }, (_, k) => (k % 4 < 2 ? 1 : 0)), side: 4 }

describe("detectron2's rule: pixels read the mask at their centres", () => {
  const rule = detectron2.paste

  test('a full mask fills its box, to the pixel centres', () => {
    const bitmap = pasteBitmap(rule, full, [2, 1, 6, 4], { height: 8, width: 10 })
    expect(sum(bitmap)).toBe(4 * 3)
    expect(bitmap[1 * 10 + 2]).toBe(1)
    expect(bitmap[4 * 10 + 2]).toBe(0)
  })

  test('half a mask fills half the box, and a box over the border is cut', () => {
    expect(sum(pasteBitmap(rule, left, [0, 0, 8, 8], { height: 8, width: 8 }))).toBe(4 * 8)
    expect(sum(pasteBitmap(rule, full, [-4, -4, 4, 4], { height: 8, width: 8 }))).toBe(16)
  })

  test('values are bilinear between cell centres, by hand', () => {
    // Two cells over 0 … 4: centres at 1 and 3. Pixel centres at 0.5, 1.5, 2.5, 3.5, and outside.
    const mask = { probabilities: [0.2, 0.6, 0.2, 0.6], side: 2 }
    const row = pasteMask(rule, mask, [0, 0, 4, 4], { height: 4, width: 6 }).slice(6, 12)
    // The first pixel lies a quarter of a cell before the first centre, so a quarter of it is emptiness; the last likewise, and the pixel past the box reads what is left.
    expect(Array.from(row)).toEqual([0.75 * 0.2, 0.75 * 0.2 + 0.25 * 0.6, 0.25 * 0.2 + 0.75 * 0.6, 0.75 * 0.6, 0.25 * 0.6, 0].map((x) => expect.closeTo(x, 12)))
  })
})

describe("torchvision's and Detectron's rule: widened by an empty cell, cut to whole pixels", () => {
  test('a box of whole pixels, by hand', () => {
    // 2 cells and 2 empty ones over 2 … 6 widened by 2: from 0 to 8, both ends included: 9 pixels of 4 cells.
    const mask = { probabilities: [1, 1, 1, 1], side: 2 }
    const soft = pasteMask(torchvision.paste, mask, [2, 2, 6, 6], { height: 9, width: 9 })
    const across = Array.from({ length: 9 }, (_, pixel) => {
      const at = Math.max(0, ((pixel + 0.5) * 4) / 9 - 0.5)
      return at < 1 ? at : at <= 2 ? 1 : 3 - Math.min(3, at)
    })
    expect(Array.from(soft.slice(4 * 9, 5 * 9))).toEqual(across.map((x) => expect.closeTo(x, 12)))
  })

  test('the last pixel is one before an exclusive corner where both ends count', () => {
    const [a, b] = [pasteMask(detectron.paste, full, [2, 2, 7, 7], { height: 12, width: 12 }), pasteMask(torchvision.paste, full, [2, 2, 6, 6], { height: 12, width: 12 })]
    expect(a).toEqual(b)
  })

  test('a pixel of exactly one half belongs to the object, but not in Detectron', () => {
    const half = { probabilities: new Float32Array(16).fill(0.5), side: 4 }
    const size = { height: 12, width: 12 }
    expect(sum(pasteBitmap(torchvision.paste, half, [2, 2, 8, 8], size))).toBeGreaterThan(0)
    expect(sum(pasteBitmap(detectron.paste, half, [2, 2, 8, 8], size))).toBe(0)
  })
})

describe('boxes that are not inside the image', () => {
  const size = { height: 6, width: 5 }
  const rules: readonly PasteRule[] = [torchvision.paste, detectron.paste, detectron2.paste]

  test.each(rules)('%o: nothing comes of a box beside it, above it or past it', (of) => {
    const beside: readonly Corners[] = [[-30, 1, -10, 4], [9, 1, 30, 4], [1, -40, 4, -9], [1, 12, 4, 40], [100, 100, 101, 101]]
    for (const at of beside) expect(sum(pasteMask(of, full, at, size))).toBe(0)
  })

  test.each(rules)('%o: a full mask on a box that is far greater is all of it', (of) => {
    expect(Array.from(pasteBitmap(of, full, [-1e7, -1e7, 1e7, 1e7], size))).toEqual(new Array(30).fill(1))
  })

  test.each(rules)('%o: boxes without area or of a fraction of a pixel give finite values', (of) => {
    for (const at of [[2, 2, 2, 2], [2.3, 1.2, 2.4, 1.9], [0, 0, 0, 6], [5, 6, 5, 6]] as const satisfies readonly Corners[]) {
      const soft = pasteMask(of, full, at, size)
      expect([soft.length, soft.every((x) => x >= 0 && x <= 1)]).toEqual([30, true])
    }
  })

  test('fractional corners, by hand: a box of 1.5 pixels around a pixel centre holds that one in detectron2', () => {
    const bitmap = pasteBitmap(detectron2.paste, full, [1.75, 1.75, 3.25, 3.25], size)
    expect([sum(bitmap), bitmap[2 * 5 + 2]]).toEqual([1, 1])
  })
})

const rule = fc.constantFrom<PasteRule>(torchvision.paste, detectron.paste, detectron2.paste)
const corner = fc.integer({ min: -80, max: 160 }).map((x) => x / 8)
const side = fc.integer({ min: 1, max: 160 }).map((x) => x / 8)
const box = fc.tuple(corner, corner, side, side).map(([x, y, w, h]): Corners => [x, y, x + w, y + h])

test.prop([rule, box, fc.array(fc.integer({ min: 0, max: 8 }), { minLength: 9, maxLength: 9 })])('a bitmap is where the soft values reach one half; a mask pasted from the middle of others is the same', (of, at, cells) => {
  const probabilities = cells.map((x) => x / 8)
  const image = { height: 14, width: 11 }
  const soft = pasteMask(of, { probabilities, side: 3 }, at, image)
  const above = of._tag === 'padded' && of.pixels === 'inclusive'
  expect(Array.from(pasteBitmap(of, { probabilities, side: 3 }, at, image))).toEqual(Array.from(soft, (x) => (x > 0.5 || (!above && x === 0.5) ? 1 : 0)))
  expect(soft.every((x) => x >= 0 && x <= 1 + 1e-12)).toBe(true)
  expect(pasteMask(of, { probabilities: [9, 9, 9, 9, 9, ...probabilities, 9], side: 3, start: 5 }, at, image)).toEqual(soft)
})
