import { either as E } from 'fp-ts'
import { expect, test } from 'vitest'
import { constant, floats, graphOf } from '@tabula/tensor'
import { evaluate } from '@tabula/tensor/reference'
import { decodeBoxes, largestGrowth } from '../../src/index.js'

const widths = (limit?: number): readonly number[] => {
  const reference = constant(floats([1, 4], [0, 0, 2, 2]))
  const deltas = constant(floats([1, 4], [0, 0, 10, 1]))
  const ran = evaluate(graphOf([], [decodeBoxes([1, 1, 1, 1], ...(limit === undefined ? [] : [limit]))(deltas, reference)]), [])
  if (E.isLeft(ran)) throw new Error(ran.left.message)
  const [x1 = 0, y1 = 0, x2 = 0, y2 = 0] = ran.right[0]?.data ?? []
  return [x2 - x1, y2 - y1]
}

test.each([
  { limit: undefined, growth: Math.exp(largestGrowth) },
  { limit: 2, growth: Math.exp(2) }
])('sides grow by at most e^$limit', ({ limit, growth }) => {
  const [width, height] = widths(limit)
  expect(width).toBeCloseTo(2 * growth, 10)
  expect(height).toBeCloseTo(2 * Math.E, 12)
})
