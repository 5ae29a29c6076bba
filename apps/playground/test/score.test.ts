import { expect, it } from 'vitest'
import type { Found, WatchedScene } from '../src/protocol.js'
import { scoreOf } from '../src/worker/score.js'

const watched = (found: readonly Found[]): WatchedScene => ({
  scene: {
    side: 64,
    rgb: new Uint8Array(),
    objects: [
      { label: 1, box: [0, 0, 10, 10] },
      { label: 2, box: [20, 20, 40, 40] }
    ]
  },
  found
})

const disc: Found = { label: 1, score: 0.9, box: [0, 0, 10, 10] }
const square: Found = { label: 2, score: 0.8, box: [20, 20, 40, 40] }

it('is 100 where every object is found exactly, and 0 where none is', () => {
  const { ap, ap50 } = scoreOf([watched([disc, square])])
  expect([ap, ap50]).toEqual([expect.closeTo(100), expect.closeTo(100)])
  expect(scoreOf([watched([])])).toEqual({ ap: 0, ap50: 0 })
  expect(scoreOf([watched([{ ...disc, label: 2 }])])).toEqual({ ap: 0, ap50: 0 })
})

it('is the mean over classes and over overlaps from 0.5 to 0.95, as COCO has it', () => {
  // An overlap of 0.75 counts up to the sixth of ten thresholds.
  const { ap, ap50 } = scoreOf([watched([{ ...disc, box: [0, 0, 10, 7.5] }])])
  expect(ap).toBeCloseTo((100 / 2) * 0.6)
  expect(ap50).toBeCloseTo(50)
})
