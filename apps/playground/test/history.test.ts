import { expect, it } from 'vitest'
import { backTo, begun, verdictOf, withLoss, withScore } from '../src/page/history.js'
import type { Curves, History } from '../src/page/history.js'

it('keeps the newest curves of each norm, the loss as a running mean', () => {
  const first: History = withLoss(withLoss(begun({}, 'groupNorm'), 'groupNorm', 1, 2), 'groupNorm', 2, 1)
  expect(first.groupNorm?.loss).toEqual([
    [1, 2],
    [2, 1.95]
  ])
  expect(first.groupNorm?.step).toBe(2)
  const both = withScore(begun(first, 'none'), 'none', 1, { ap: 20, ap50: 50 })
  expect(both.groupNorm).toBe(first.groupNorm)
  expect(both.none?.ap).toEqual([[1, 20]])
  expect(both.none?.score).toEqual({ ap: 20, ap50: 50 })
  expect(begun(both, 'groupNorm').groupNorm?.loss).toEqual([])
})

it('a loss that is no number ends the curve, and nothing is found any more', () => {
  const ended = withLoss(withScore(withLoss(begun({}, 'none'), 'none', 1, 2), 'none', 1, { ap: 1, ap50: 2 }), 'none', 2, Number.NaN)
  expect(ended.none).toEqual({
    step: 2,
    loss: [[1, 2]],
    ap: [
      [1, 1],
      [2, 0]
    ],
    score: { ap: 0, ap50: 0 },
    diverged: 2
  })
})

it('a training that goes on from an earlier step has the curves up to there', () => {
  const three = [1, 2, 3].reduce((history: History, step) => withScore(withLoss(history, 'groupNorm', step, 1), 'groupNorm', step, { ap: step, ap50: step }), {})
  const back = backTo(three, 'groupNorm', 2)
  expect(back.groupNorm?.loss.map(([step]) => step)).toEqual([1, 2])
  expect(back.groupNorm?.ap.map(([step]) => step)).toEqual([1, 2])
  expect(back.groupNorm?.step).toBe(2)
})

it('says what a training has come to', () => {
  const curves: Curves = { step: 300, loss: [], ap: [], score: { ap: 60, ap50: 90 }, diverged: undefined }
  expect(verdictOf(curves)).toBe('learns')
  expect(verdictOf({ ...curves, score: { ap: 3, ap50: 10 } })).toBe('learns slowly')
  expect(verdictOf({ ...curves, score: { ap: 0, ap50: 1 } })).toBe('finds nothing')
  expect(verdictOf({ ...curves, step: 10 })).toBe('too early to say')
  expect(verdictOf({ ...curves, diverged: 7 })).toBe('diverged at step 7')
})
