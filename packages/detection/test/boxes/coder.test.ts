import { describe, expect } from 'vitest'
import { fc, test } from '@fast-check/vitest'
import { decodeBoxes, encodeBoxes, largestGrowth } from '../../src/index.js'
import type { CoderWeights } from '../../src/index.js'
import { doubles, numbersOf } from '../support/evaluate.js'

const position = fc.double({ min: -100, max: 100, noNaN: true })
const side = fc.double({ min: 0.5, max: 25, noNaN: true })
const box = fc.tuple(position, position, side, side).map(([x, y, w, h]) => [x, y, x + w, y + h])
const weights = fc.constantFrom<CoderWeights>([1, 1, 1, 1], [10, 10, 5, 5], [30, 30, 15, 15])
const offset = fc.constantFrom<0 | 1>(0, 1)
const of = (boxes: readonly (readonly number[])[]) => doubles([boxes.length, 4], boxes.flat())

describe('encoding and decoding', () => {
  test.prop([fc.array(fc.tuple(box, box), { minLength: 1, maxLength: 5 }), weights, offset])('are inverse', (pairs, w, o) => {
    const [wanted, references] = [of(pairs.map(([a]) => a)), of(pairs.map(([, b]) => b))]
    const back = numbersOf(decodeBoxes(w, largestGrowth, o)(encodeBoxes(w, o)(wanted, references), references))
    pairs.flatMap(([a]) => a).forEach((x, k) => expect(back[k]).toBeCloseTo(x, 8))
  })

  test.prop([fc.array(fc.double({ min: -3, max: 3, noNaN: true }), { minLength: 4, maxLength: 4 }), box, offset])('are inverse the other way, too', (deltas, reference, o) => {
    const w: CoderWeights = [10, 10, 5, 5]
    const again = numbersOf(encodeBoxes(w, o)(decodeBoxes(w, largestGrowth, o)(of([deltas]), of([reference])), of([reference])))
    deltas.forEach((x, k) => expect(again[k]).toBeCloseTo(x, 8))
  })

  test('by hand: a box of 4 × 8 relative to one of 8 × 8', () => {
    // Centres (4, 6) and (6, 8): 2 left and 2 up of a side of 8; half as wide.
    const found = numbersOf(encodeBoxes([10, 10, 5, 5])(of([[2, 2, 6, 10]]), of([[2, 4, 10, 12]])))
    expect(found).toEqual([-2.5, -2.5, 5 * Math.log(0.5), 0].map((x) => expect.closeTo(x, 12)))
  })

  test('by hand: the same pixels in corners of last pixels', () => {
    const found = numbersOf(encodeBoxes([10, 10, 5, 5], 1)(of([[2, 2, 5, 9]]), of([[2, 4, 9, 11]])))
    expect(found).toEqual([-2.5, -2.5, 5 * Math.log(0.5), 0].map((x) => expect.closeTo(x, 12)))
    expect(numbersOf(decodeBoxes([1, 1, 1, 1], largestGrowth, 1)(of([[0, 0, 0, 0]]), of([[2, 4, 9, 11]])))).toEqual([2, 4, 9, 11])
  })
})
