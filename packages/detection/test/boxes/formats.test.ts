import { describe, expect } from 'vitest'
import { fc, test } from '@fast-check/vitest'
import { constant, hostValue } from '@tabula/tensor'
import { boxesOfMasks, convertBoxes } from '../../src/index.js'
import type { BoxFormat } from '../../src/index.js'
import { doubles, numbersOf } from '../support/evaluate.js'

const number = fc.integer({ min: -400, max: 400 }).map((x) => x / 8)
const format = fc.constantFrom<BoxFormat>('xyxy', 'xywh', 'cxcywh')

describe('formats of boxes', () => {
  test('by hand', () => {
    const corners = doubles([1, 4], [1, 2, 5, 10])
    expect(numbersOf(convertBoxes({ from: 'xyxy', to: 'xywh' })(corners))).toEqual([1, 2, 4, 8])
    expect(numbersOf(convertBoxes({ from: 'xyxy', to: 'cxcywh' })(corners))).toEqual([3, 6, 4, 8])
  })

  test.prop([fc.array(number, { minLength: 8, maxLength: 8 }), format, format, format])('there and back, directly or by way of a third, is the same', (numbers, from, by, to) => {
    const boxes = doubles([2, 4], numbers)
    expect(numbersOf(convertBoxes({ from: to, to: from })(convertBoxes({ from, to })(boxes)))).toEqual(numbers.map((x) => expect.closeTo(x, 10)))
    expect(numbersOf(convertBoxes({ from: by, to })(convertBoxes({ from, to: by })(boxes)))).toEqual(numbersOf(convertBoxes({ from, to })(boxes)).map((x) => expect.closeTo(x, 10)))
  })
})

test.prop([fc.array(fc.boolean(), { minLength: 2 * 5 * 7, maxLength: 2 * 5 * 7 })])('boxes of masks are their first and last pixels; zeros without one', (bits) => {
  const found = numbersOf(boxesOfMasks(constant(hostValue('bool', [2, 5, 7], Uint8Array.from(bits, Number)))))
  const expected = [0, 1].flatMap((mask) => {
    const pixels = bits.slice(mask * 35, (mask + 1) * 35).flatMap((bit, k) => (bit ? [[k % 7, Math.floor(k / 7)] as const] : []))
    if (pixels.length === 0) return [0, 0, 0, 0]
    const [xs, ys] = [pixels.map(([x]) => x), pixels.map(([, y]) => y)]
    return [Math.min(...xs), Math.min(...ys), Math.max(...xs), Math.max(...ys)]
  })
  expect(found).toEqual(expected)
})

test('a mask without a pixel has a box of zeros', () => {
  expect(numbersOf(boxesOfMasks(constant(hostValue('bool', [1, 2, 2], new Uint8Array(4)))))).toEqual([0, 0, 0, 0])
})
