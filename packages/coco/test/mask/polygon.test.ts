import { either as E } from 'fp-ts'
import { describe, expect, test } from 'vitest'
import { area, maskOf, rasterizePolygon, toCompressedString } from '../../src/index.js'
import { right } from '../fixtures.js'

/** Produced with pycocotools 2.0.11: polygons, height, width, compressed string, area. */
const golden: readonly (readonly [readonly (readonly number[])[], number, number, string, number])[] = [
  [[[0, 0, 0, 9, 9, 9, 9, 0]], 12, 12, '093000000000000000T1', 81],
  [[[2.6, 2.6, 7.6, 2.6, 7.6, 7.6, 2.6, 7.6]], 12, 12, 'W1570000000]1', 25],
  [[[1, 1, 9, 2, 4, 8]], 10, 10, ';192N3M01N1O1O1O9', 26],
  [[[1.5, 1.5, 4.5, 1.5, 4.5, 4.5, 1.5, 4.5]], 8, 8, 'b035000f0', 9],
  [[[-3, -2, 6, -2, 6, 5, -3, 5]], 8, 8, '053000000000`0', 30],
  [[[4, 4, 20, 4, 20, 20, 4, 20]], 8, 8, 'T14400000', 16],
  [[[1, 1, 8, 1.2, 8, 1.4, 1, 1.3]], 10, 10, 'T3', 0],
  [
    [
      [1, 1, 4, 1, 4, 4, 1, 4],
      [5, 5, 9, 5, 9, 9, 5, 9]
    ],
    10,
    10,
    ';37000>1A000005',
    25
  ],
  [[[1, 1, 8, 8, 8, 1, 1, 8]], 10, 10, ';65N2N;0E2N2b0', 24],
  [[[1, 1, 8, 1, 8, 8, 5, 3, 1, 8]], 10, 10, ';64O1O1O1001O2a0', 31]
]

describe('polygons', () => {
  test.each(golden)('%j on %i × %i is what the reference makes of it', (polygons, height, width, text, pixels) => {
    const mask = right(maskOf(polygons, height, width))
    expect([toCompressedString(mask), area(mask)]).toEqual([text, pixels])
  })

  // Walking such an outline point by point takes minutes.
  test.each([1e6, 3e8, 1e15, 1e300])('with a corner at %d are cut off at the image', (far) => {
    expect(area(rasterizePolygon([0, 0, far, 0, far, far, 0, far], 10, 20))).toBe(200)
    expect(area(rasterizePolygon([-far, -far, far, -far, far, far, -far, far], 10, 20))).toBe(200)
    expect(area(rasterizePolygon([far, 0, 2 * far, 0, far, 5], 10, 20))).toBe(0)
  })

  test('need three finite corners', () => {
    expect(maskOf([[1, 1, 2, 2]], 10, 10)).toEqual(E.left({ _tag: 'MaskError', expected: 'polygons of at least 6 numbers', found: '4' }))
    expect(maskOf([[1, 1, 2, 2, Infinity, 3]], 10, 10)).toEqual(E.left({ _tag: 'MaskError', expected: 'finite coordinates', found: 'Infinity' }))
  })
})
