import { describe, expect } from 'vitest'
import { fc, test } from '@fast-check/vitest'
import { anchorsFor, match, matchAnchors, overlapsOf } from '../../src/index.js'
import type { MatchLabel, Pairs } from '../../src/index.js'

const pairs = (rows: readonly (readonly number[])[], columns = rows[0]?.length ?? 0): Pairs => ({ rows: rows.length, columns, data: Float64Array.from(rows.flat()) })
const options = { thresholds: [0.3, 0.7], labels: [0, -1, 1], lowQuality: false } as const

describe('matching by thresholds', () => {
  const quality = pairs([
    [0.9, 0.3, 0.1, 0.7, 0.2],
    [0.8, 0.69, 0.29, 0.1, 0.2]
  ])

  test('a quality at a threshold belongs to the level above', () => {
    expect(match(quality, options)).toEqual({ matched: Int32Array.of(0, 1, 1, 0, 0), labels: Int8Array.of(1, -1, 0, 1, 0) })
  })

  test("the best of each ground truth counts, ties too, and keeps the object it overlaps most", () => {
    const tied = pairs([
      [0.2, 0.2, 0.1],
      [0.6, 0.1, 0.1]
    ])
    // Both of the first row's 0.2 are best; the first of them overlaps the second object more.
    expect(match(tied, { ...options, lowQuality: true })).toEqual({ matched: Int32Array.of(1, 0, 0), labels: Int8Array.of(1, 1, 0) })
    expect(match(tied, options).labels).toEqual(Int8Array.of(-1, 0, 0))
  })

  test('a ground truth that overlaps nothing makes all that miss it positive, as in the references', () => {
    expect(match(pairs([[0, 0, 0], [0.8, 0, 0.2]]), { ...options, lowQuality: true }).labels).toEqual(Int8Array.of(1, 1, 1))
  })

  test('without ground truth all have the first label', () => {
    expect(match(pairs([], 3), options)).toEqual({ matched: new Int32Array(3), labels: Int8Array.of(0, 0, 0) })
    expect(match(pairs([], 2), { thresholds: [0.5], labels: [-1, 1], lowQuality: true }).labels).toEqual(Int8Array.of(-1, -1))
  })

  test('one threshold, or several', () => {
    expect(match(quality, { thresholds: [0.5], labels: [0, 1], lowQuality: false }).labels).toEqual(Int8Array.of(1, 1, 0, 1, 0))
    expect(match(quality, { thresholds: [0.15, 0.25, 0.5], labels: [-1, 0, -1, 1], lowQuality: false }).labels).toEqual(Int8Array.of(1, 1, -1, 1, 0))
  })

  test('labels that are not one more than thresholds, or thresholds that fall, are errors that say so', () => {
    const labels: readonly MatchLabel[] = [0, 1]
    expect(() => match(quality, { ...options, labels })).toThrow(/3 labels for 2 thresholds/)
    expect(() => match(quality, { ...options, thresholds: [0.7, 0.3] })).toThrow(/ascending/)
  })
})

describe('matching of anchors', () => {
  const anchors = anchorsFor({ sizes: [[8], [16]], ratios: [0.5, 1, 2] }, [[8, 9], [4, 5]], [64, 72])
  const all = anchors.perLevel.flatMap((level) => Array.from(level))
  const box = fc
    .tuple(fc.integer({ min: 0, max: 200 }), fc.integer({ min: 0, max: 200 }), fc.integer({ min: 4, max: 100 }), fc.integer({ min: 4, max: 100 }))
    .map(([x, y, w, h]) => [x / 4, y / 4, (x + w) / 4, (y + h) / 4])

  test.prop([fc.array(box, { maxLength: 5 })], { numRuns: 50 })('is that of all pairs, but for objects that no anchor overlaps', (boxes) => {
    const overlaps = overlapsOf(boxes.flat(), all)
    const { labels, matched, overlap } = matchAnchors(anchors, boxes.flat(), { foreground: 0.7, background: 0.3 })
    const wanted = match(overlaps, { ...options, lowQuality: true })
    const everyOneIsMet = boxes.every((_, row) => overlaps.data.subarray(row * overlaps.columns, (row + 1) * overlaps.columns).some((x) => x > 0))
    if (everyOneIsMet) expect({ labels, matched }).toEqual({ labels: wanted.labels, matched: wanted.matched })
    expect(Array.from(overlap)).toEqual(Array.from(overlap, (_, column) => boxes.reduce((best, _box, row) => Math.max(best, overlaps.data[row * overlaps.columns + column] ?? 0), 0)))
  })
})
