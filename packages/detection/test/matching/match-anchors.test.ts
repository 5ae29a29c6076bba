import { expect } from 'vitest'
import { fc, test } from '@fast-check/vitest'
import { anchorsFor, matchAnchors } from '../../src/index.js'

const single = Math.fround
const options = { foreground: 0.7, background: 0.3 }
const anchors = anchorsFor({ sizes: [[8], [16], [32]], ratios: [0.5, 1, 2] }, [[13, 17], [7, 9], [4, 5]], [104, 136])
const all = anchors.perLevel.flatMap((level) => Array.from({ length: level.length / 4 }, (_, i) => Array.from(level.subarray(4 * i, 4 * i + 4))))

/** Every pair, in single precision: what the matcher must equal while it skips what cannot overlap. */
const iou = ([ax1 = 0, ay1 = 0, ax2 = 0, ay2 = 0]: readonly number[], [x1 = 0, y1 = 0, x2 = 0, y2 = 0]: readonly number[]): number => {
  const w = single(Math.max(0, Math.min(ax2, x2) - Math.max(ax1, x1)))
  const h = single(Math.max(0, Math.min(ay2, y2) - Math.max(ay1, y1)))
  const shared = single(w * h)
  return single(shared / single(single(single(single(ax2 - ax1) * single(ay2 - ay1)) + single(single(x2 - x1) * single(y2 - y1))) - shared))
}

const everyPair = (boxes: readonly (readonly number[])[]): readonly { readonly label: number; readonly matched: number }[] => {
  const overlaps = boxes.map((box) => all.map((anchor) => iou(anchor, box)))
  const highest = overlaps.map((row) => Math.max(...row))
  return all.map((_, i) => {
    const column = overlaps.map((row) => row[i] ?? 0)
    const best = Math.max(0, ...column)
    const favourite = column.some((value, g) => value > 0 && value === highest[g])
    const label = favourite || best >= single(0.7) ? 1 : best < single(0.3) ? 0 : -1
    return { label, matched: Math.max(0, column.indexOf(best)) }
  })
}

// Multiples of 1/4 give ties; boxes may leave the image.
const coordinate = (limit: number) => fc.integer({ min: -40, max: 4 * limit }).map((x) => x / 4)
const box = fc
  .tuple(coordinate(136), coordinate(104), fc.integer({ min: 1, max: 400 }), fc.integer({ min: 1, max: 400 }))
  .map(([x, y, w, h]) => [x, y, x + w / 4, y + h / 4])

test.prop([fc.array(box, { maxLength: 12 })], { numRuns: 60 })('labels and matches are those of all pairs', (boxes) => {
  const { labels, matched } = matchAnchors(anchors, Float32Array.from(boxes.flat()), options)
  const wanted = everyPair(boxes)
  expect(Array.from(labels)).toEqual(wanted.map(({ label }) => label))
  expect(Array.from(matched)).toEqual(wanted.map((w) => w.matched))
})
