import { expect, test } from 'vitest'
import { boundingBox, fromCounts } from '../../src/index.js'
import { right } from '../fixtures.js'

/** Recorded with the reference's C code. Its numbers are unsigned, so that an empty run of ones at the very start wraps around. */
test.each([
  [[3, 0, 4, 0, 5], 4, 3, [0, 2, 2, 2]],
  [[0, 0, 12], 4, 3, [0, 0, 1073741824, 4]],
  [[0, 0, 105, 32, 1, 2], 1, 140, [0, 0, 0, 1]]
])('the box of runs %j in %i × %i', (counts, height, width, box) => {
  expect(boundingBox(right(fromCounts(counts, height, width)))).toEqual(box)
})
