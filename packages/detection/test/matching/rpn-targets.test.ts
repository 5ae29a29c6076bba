import { describe, expect } from 'vitest'
import { fc, test } from '@fast-check/vitest'
import { key } from '@tabula/tensor'
import { detectron, detectron2, matchAnchors, rpnTargets, torchvision } from '../../src/index.js'
import type { Anchors, RpnTargetOptions } from '../../src/index.js'

const anchorsOf = (boxes: readonly (readonly number[])[]): Anchors => ({ perLevel: [Float32Array.from(boxes.flat())], perCell: [1], count: boxes.length })
const first = { _tag: 'first' } as const
const image = { height: 20, width: 30 }

describe("Detectron's straddle limit", () => {
  // The object's best anchor leaves the image by a pixel; the second best does not.
  const anchors = anchorsOf([[-1, 0, 8, 9], [0, 0, 6, 9], [20, 10, 29, 19], [21, 10, 30, 19]])
  const object = [-1 + 1, 0, 9, 9]

  test('leaves anchors out of the image out, and the best of the others is the object’s', () => {
    expect(Array.from(matchAnchors(anchors, object, detectron.rpnTargets, image, 1).labels)).toEqual([-1, 1, 0, -1])
    expect(Array.from(matchAnchors(anchors, object, { ...detectron.rpnTargets, straddle: 1 }, image, 1).labels)).toEqual([1, 1, 0, 0])
  })

  test('does not exist elsewhere', () => {
    // The second anchor's overlap of 54 / 81 lies between the thresholds.
    for (const { rpnTargets: options } of [torchvision, detectron2]) expect(Array.from(matchAnchors(anchors, object, options, image).labels)).toEqual([1, -1, 0, 0])
  })
})

describe('drawing anchors', () => {
  // One anchor on the object, one whose overlap of 1/6 is a second object's best, and background.
  const anchors = anchorsOf([[0, 0, 10, 10], [12, 0, 18, 10], [0, 12, 4, 16], [5, 12, 9, 16], [10, 12, 14, 16], [15, 12, 19, 16]])
  const objects = [0, 0, 10, 10, 12, 0, 13, 10]
  const options: RpnTargetOptions = { foreground: 0.7, background: 0.3, batch: 4, positiveFraction: 0.5 }

  test('half may be positive; regression targets are theirs alone', () => {
    const { index, label, weight, box, drawn } = rpnTargets(anchors, objects, options, first)
    expect([Array.from(index), Array.from(label), Array.from(weight), drawn]).toEqual([[0, 1, 2, 3], [1, 1, 0, 0], [1, 1, 1, 1], 4])
    // The second object is a sixth as wide as its anchor, 2.5 of 6 to the left.
    expect(Array.from(box)).toEqual([0, 0, 0, 0, -2.5 / 6, 0, Math.log(1 / 6), 0, ...new Array<number>(8).fill(0)].map((x) => expect.closeTo(x, 6)))
  })

  test('fewer candidates than the batch leave rows of weight 0', () => {
    const { weight, drawn } = rpnTargets(anchors, [], { ...options, batch: 8 }, first)
    expect([drawn, Array.from(weight)]).toEqual([6, [1, 1, 1, 1, 1, 1, 0, 0]])
  })

  test.prop([fc.integer({ min: 0, max: 2 ** 31 - 1 })], { numRuns: 60 })('at random: as many as asked for, each once; with replacement perhaps fewer, and a low positive may turn negative', (seed) => {
    const random = { _tag: 'random', key: key(seed) } as const
    const once = rpnTargets(anchors, objects, options, random)
    expect(once.drawn).toBe(4)
    expect(new Set(once.index).size).toBe(4)
    expect(Array.from(once.label)).toEqual([1, 1, 0, 0])
    const again = rpnTargets(anchors, objects, { ...options, negatives: 'replacement' }, random)
    const drawn = Array.from(again.index.subarray(0, again.drawn))
    expect(new Set(drawn).size).toBe(again.drawn)
    expect(again.drawn).toBeLessThanOrEqual(4)
    // The anchor on the object stays positive; the other is below the background threshold and may be drawn as a negative.
    expect(again.label[drawn.indexOf(0)]).toBe(1)
    expect(drawn).toContain(1)
  })

  test('with replacement, some draws do turn the low positive negative', () => {
    const labels = Array.from({ length: 40 }, (_, seed) => {
      const { index, label } = rpnTargets(anchors, objects, { ...options, negatives: 'replacement' }, { _tag: 'random', key: key(seed) })
      return label[Array.from(index).indexOf(1)]
    })
    expect(new Set(labels)).toEqual(new Set([0, 1]))
  })
})
