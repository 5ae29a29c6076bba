import { describe, expect } from 'vitest'
import { fc, test } from '@fast-check/vitest'
import { detectron, proposalsFrom, torchvision } from '../../src/index.js'
import type { Anchors, BoxOffset, ProposalOptions } from '../../src/index.js'
import { doubles, numbersOf } from '../support/evaluate.js'

interface Found {
  readonly boxes: readonly (readonly number[])[]
  readonly scores: readonly number[]
}

/** The valid proposals of each image for anchors that are not moved. */
const found = (levels: readonly (readonly (readonly number[])[])[], logits: readonly (readonly (readonly number[])[])[], options: ProposalOptions, offset: BoxOffset = 0, size: readonly [number, number] = [100, 100]): readonly Found[] => {
  const images = logits.length
  const anchors: Anchors = { perLevel: levels.map((level) => Float32Array.from(level.flat())), perCell: levels.map(() => 1), count: levels.flat().length }
  const predictions = levels.map((level, l) => ({
    logits: doubles([images, level.length], logits.flatMap((image) => image[l] ?? [])),
    deltas: doubles([images, level.length, 4], new Array<number>(images * level.length * 4).fill(0))
  }))
  const { boxes, scores, valid } = proposalsFrom(predictions, anchors, doubles([images, 2], logits.flatMap(() => size)), options, offset)
  const [allBoxes, allScores, allValid] = [numbersOf(boxes), numbersOf(scores), numbersOf(valid)]
  const count = allValid.length / images
  return logits.map((_, image) => {
    const rows = Array.from({ length: count }, (_, k) => image * count + k).filter((k) => allValid[k] === 1)
    return { boxes: rows.map((k) => allBoxes.slice(4 * k, 4 * k + 4)), scores: rows.map((k) => allScores[k] ?? NaN) }
  })
}

const apart = (k: number): readonly number[] => [10 * k, 0, 10 * k + 8, 8]
const options: ProposalOptions = { preNms: 100, postNms: 100, nmsThreshold: 0.5, minSize: 1e-3 }

describe('proposals', () => {
  test('come best first over all levels; each level gives at most its share before suppression', () => {
    const [one] = found([[apart(0), apart(1), apart(2)], [apart(3), apart(4)]], [[[1, 5, 3], [4, 2]]], { ...options, preNms: 2 })
    expect(one?.scores).toEqual([5, 4, 3, 2])
    expect(one?.boxes[1]).toEqual(apart(3))
  })

  test('an overlap of exactly the threshold suppresses in Detectron only', () => {
    // 4 × 4 and its half: IoU ½. In corners of last pixels the same pixels.
    const [a, b] = [[0, 0, 4, 4], [0, 0, 4, 2]]
    expect(found([[a, b]], [[[2, 1]]], options)[0]?.scores).toEqual([2, 1])
    expect(found([[a, b]], [[[2, 1]]], { ...options, inclusive: true })[0]?.scores).toEqual([2])
    const pixels = [[0, 0, 3, 3], [0, 0, 3, 1]]
    expect(found([pixels], [[[2, 1]]], { ...options, inclusive: detectron.trainProposals.inclusive }, detectron.offset)[0]?.scores).toEqual([2])
    expect(found([pixels], [[[2, 1]]], { ...options, inclusive: torchvision.trainProposals.inclusive }, 1)[0]?.scores).toEqual([2, 1])
  })

  test('of different levels do not suppress one another', () => {
    expect(found([[apart(0)], [apart(0)]], [[[2], [1]]], options)[0]?.scores).toEqual([2, 1])
  })

  test("Detectron's limit in training counts the whole batch, the others' an image", () => {
    const level = [apart(0), apart(1), apart(2)]
    const logits = [[[9, 8, 1]], [[7, 2, 3]]]
    const counts = (over: 'image' | 'batch'): readonly (readonly number[])[] => found([level], logits, { ...options, postNms: 3, over }).map(({ scores }) => scores)
    expect(counts('image')).toEqual([[9, 8, 1], [7, 3, 2]])
    expect(counts('batch')).toEqual([[9, 8], [7]])
    expect(found([level], logits, { ...options, postNms: 6, over: 'batch' }).map(({ scores }) => scores.length)).toEqual([3, 3])
  })

  test('are cut to the image, and those that are left without sides dropped', () => {
    const [one] = found([[[-5, -5, 20, 20], [30, 2, 40, 9], [12, -9, 18, -1]]], [[[3, 2, 1]]], options, 0, [10, 30])
    expect(one?.boxes).toEqual([[0, 0, 20, 10]])
    // The last pixel of an image is a box of one pixel there.
    const [inclusive] = found([[[29, 9, 40, 20]]], [[[1]]], { ...options, minSize: detectron.trainProposals.minSize }, 1, [10, 30])
    expect(inclusive?.boxes).toEqual([[29, 9, 29, 9]])
  })

  const box = fc.tuple(fc.nat(60), fc.nat(60), fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1, max: 40 })).map(([x, y, w, h]) => [x, y, x + w, y + h])
  test.prop([fc.array(box, { minLength: 1, maxLength: 12 }), fc.integer({ min: 1, max: 6 })], { numRuns: 40 })('do not overlap by more than the threshold, and none can be added', (boxes, postNms) => {
    const scores = boxes.map((_, k) => ((k * 7) % boxes.length) + k / 100)
    const [one] = found([boxes], [[scores]], { ...options, postNms })
    const iou = ([ax = 0, ay = 0, aX = 0, aY = 0]: readonly number[], [bx = 0, by = 0, bX = 0, bY = 0]: readonly number[]): number => {
      const shared = Math.max(0, Math.min(aX, bX) - Math.max(ax, bx)) * Math.max(0, Math.min(aY, bY) - Math.max(ay, by))
      return shared / ((aX - ax) * (aY - ay) + (bX - bx) * (bY - by) - shared)
    }
    const kept: (readonly number[])[] = []
    boxes.map((b, k) => ({ b, score: scores[k] ?? 0 })).sort((p, q) => q.score - p.score).forEach(({ b }) => {
      if (kept.every((other) => iou(b, other) <= 0.5)) kept.push(b)
    })
    expect(one?.boxes).toEqual(kept.slice(0, postNms))
  })
})
