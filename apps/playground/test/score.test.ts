import { expect, it } from 'vitest'
import type { Found, WatchedScene } from '../src/protocol.js'
import { overlap, scoreOf } from '../src/worker/score.js'

const scene = (found: readonly Found[]): WatchedScene => ({
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

it('boxes overlap by intersection over union', () => {
  expect(overlap([0, 0, 10, 10], [0, 0, 10, 10])).toBe(1)
  expect(overlap([0, 0, 10, 10], [5, 0, 15, 10])).toBeCloseTo(1 / 3)
  expect(overlap([0, 0, 10, 10], [10, 10, 20, 20])).toBe(0)
})

it('an object is found by a detection of its class over at least half of it, and by no other', () => {
  const right: Found = { label: 1, score: 0.9, box: [0, 0, 10, 9] }
  expect(scoreOf([scene([right])])).toEqual({ found: 1, of: 2 })
  expect(scoreOf([scene([{ ...right, label: 2 }])])).toEqual({ found: 0, of: 2 })
  expect(scoreOf([scene([{ ...right, box: [0, 0, 10, 4] }])])).toEqual({ found: 0, of: 2 })
  expect(scoreOf([scene([right, right, { label: 2, score: 0.5, box: [20, 20, 40, 41] }]), scene([])])).toEqual({ found: 2, of: 4 })
})
