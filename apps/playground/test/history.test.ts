import { expect, it } from 'vitest'
import { begun, withFound, withLoss } from '../src/page/history.js'
import type { History } from '../src/page/history.js'

it('keeps the newest curves of each norm, the loss as a running mean', () => {
  const first: History = withLoss(withLoss(begun({}, 'groupNorm'), 'groupNorm', 1, 2), 'groupNorm', 2, 1)
  expect(first.groupNorm?.loss).toEqual([
    [1, 2],
    [2, 1.95]
  ])
  const both = withFound(begun(first, 'none'), 'none', 1, 50)
  expect(both.groupNorm).toBe(first.groupNorm)
  expect(both.none?.found).toEqual([[1, 50]])
  expect(begun(both, 'groupNorm').groupNorm?.loss).toEqual([])
})

it('a loss that is no number ends the curve', () => {
  const ended = withLoss(withLoss(begun({}, 'none'), 'none', 1, 2), 'none', 2, Number.NaN)
  expect(ended.none).toEqual({ loss: [[1, 2]], found: [], diverged: 2 })
})
