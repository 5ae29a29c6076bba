import { expect, test } from 'vitest'
import { pasteMask } from '../../src/evaluate/paste-mask.js'

const sum = (bitmap: Uint8Array): number => bitmap.reduce((a, b) => a + b, 0)

test('a full mask fills its box, to the pixel centres', () => {
  const bitmap = pasteMask(new Float32Array(16).fill(1), 0, 4, [2, 1, 6, 4], 8, 10)
  expect(sum(bitmap)).toBe(4 * 3)
  expect(bitmap[1 * 10 + 2]).toBe(1)
  expect(bitmap[4 * 10 + 2]).toBe(0)
})

test('half a mask fills half the box, and a box over the border is cut', () => {
  const left = Float32Array.from({ length: 16 }, (_, k) => (k % 4 < 2 ? 1 : 0))
  expect(sum(pasteMask(left, 0, 4, [0, 0, 8, 8], 8, 8))).toBe(4 * 8)
  expect(sum(pasteMask(new Float32Array(16).fill(1), 0, 4, [-4, -4, 4, 4], 8, 8))).toBe(16)
})
