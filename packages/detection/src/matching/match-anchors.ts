import type { Anchors } from '../anchors/anchors.js'

const single = Math.fround

/** IoU thresholds of the region proposal network's targets. */
export interface MatchOptions {
  readonly foreground: number
  readonly background: number
}

/** For each anchor: 1 positive, 0 negative, −1 ignored; and the ground truth it overlaps most. */
export interface AnchorMatches {
  readonly labels: Int8Array
  readonly matched: Int32Array
}

/**
 * Labels anchors by their IoU with ground-truth boxes (torchvision's `Matcher` with low-quality matches; Faster R-CNN §3.1.2): positive at
 * or above `foreground`, or among a box's best, ties included; negative below `background`. Single precision, as the reference.
 */
export const matchAnchors = ({ perLevel, count }: Anchors, boxes: ArrayLike<number>, { foreground, background }: MatchOptions): AnchorMatches => {
  const best = new Float32Array(count)
  const matched = new Int32Array(count)
  const objects = boxes.length / 4
  const favourites: number[] = []
  for (let g = 0; g < objects; g++) {
    const [x1, y1, x2, y2] = [boxes[4 * g] ?? 0, boxes[4 * g + 1] ?? 0, boxes[4 * g + 2] ?? 0, boxes[4 * g + 3] ?? 0]
    const area = single(single(x2 - x1) * single(y2 - y1))
    let highest = 0
    let equals: number[] = []
    let offset = 0
    for (const level of perLevel) {
      for (let i = 0, p = 0; p < level.length; i++, p += 4) {
        const [ax1, ay1, ax2, ay2] = [level[p] ?? 0, level[p + 1] ?? 0, level[p + 2] ?? 0, level[p + 3] ?? 0]
        const w = single(Math.min(ax2, x2) - Math.max(ax1, x1))
        if (w <= 0) continue
        const h = single(Math.min(ay2, y2) - Math.max(ay1, y1))
        if (h <= 0) continue
        const shared = single(w * h)
        const iou = single(shared / single(single(single(single(ax2 - ax1) * single(ay2 - ay1)) + area) - shared))
        const index = offset + i
        if (iou > (best[index] ?? 0)) {
          best[index] = iou
          matched[index] = g
        }
        if (iou > highest) {
          highest = iou
          equals = [index]
        } else if (iou === highest && iou > 0) equals.push(index)
      }
      offset += level.length / 4
    }
    favourites.push(...equals)
  }
  const labels = new Int8Array(count)
  const [high, low] = [single(foreground), single(background)]
  for (let i = 0; i < count; i++) labels[i] = (best[i] ?? 0) >= high ? 1 : (best[i] ?? 0) < low ? 0 : -1
  for (const index of favourites) labels[index] = 1
  return { labels, matched }
}
