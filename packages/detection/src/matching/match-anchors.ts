import type { Anchors } from '../anchors/anchors.js'
import type { BoxOffset } from '../boxes/geometry.js'

const single = Math.fround

/** IoU thresholds of the region proposal network's targets. */
export interface MatchOptions {
  readonly foreground: number
  readonly background: number
  /** Anchors that leave the image by more pixels than this are ignored (Detectron: 0); where not given, none are. */
  readonly straddle?: number
}

/** For each anchor: 1 positive, 0 negative, −1 ignored; and the ground truth it overlaps most, with their IoU. */
export interface AnchorMatches {
  readonly labels: Int8Array
  readonly matched: Int32Array
  /** −1 for anchors that the straddle limit leaves out. */
  readonly overlap: Float32Array
}

/** The image whose anchors are matched, before padding, in pixels. */
export interface ImageExtent {
  readonly height: number
  readonly width: number
}

/** Anchors in a run whose common bounds are compared before its anchors are. */
const run = 64

/** x1, y1, x2, y2 around each run of a level's anchors: neighbours in a row of cells lie close together. */
const boundsOfRuns = (level: Float32Array): Float32Array => {
  const count = level.length / 4
  const bounds = new Float32Array(Math.ceil(count / run) * 4)
  for (let r = 0; 4 * r < bounds.length; r++) {
    let [x1, y1, x2, y2] = [Infinity, Infinity, -Infinity, -Infinity]
    for (let p = r * run * 4; p < Math.min(count, (r + 1) * run) * 4; p += 4) {
      x1 = Math.min(x1, level[p] ?? 0)
      y1 = Math.min(y1, level[p + 1] ?? 0)
      x2 = Math.max(x2, level[p + 2] ?? 0)
      y2 = Math.max(y2, level[p + 3] ?? 0)
    }
    bounds.set([x1, y1, x2, y2], 4 * r)
  }
  return bounds
}

/**
 * Labels anchors by their IoU with ground-truth boxes (torchvision's `Matcher` with low-quality matches; Faster R-CNN §3.1.2): positive at
 * or above `foreground`, or among a box's best, ties included; negative below `background`. Single precision, as the reference. An object that
 * no anchor overlaps makes none positive (the references make all of them so that it misses). `image` is asked for by `straddle` alone.
 */
export const matchAnchors = (
  { perLevel, count }: Anchors,
  boxes: ArrayLike<number>,
  { foreground, background, straddle }: MatchOptions,
  image?: ImageExtent,
  offset: BoxOffset = 0
): AnchorMatches => {
  const best = new Float32Array(count)
  const matched = new Int32Array(count)
  const objects = boxes.length / 4
  const favourites: number[] = []
  const levels = perLevel.map((level) => ({ level, bounds: boundsOfRuns(level) }))
  const within = straddle === undefined || image === undefined ? undefined : { low: -straddle, right: image.width + straddle, bottom: image.height + straddle }
  const isOut = (level: Float32Array, p: number): boolean =>
    within !== undefined && !((level[p] ?? 0) >= within.low && (level[p + 1] ?? 0) >= within.low && (level[p + 2] ?? 0) < within.right && (level[p + 3] ?? 0) < within.bottom)
  for (let g = 0; g < objects; g++) {
    const [x1, y1, x2, y2] = [boxes[4 * g] ?? 0, boxes[4 * g + 1] ?? 0, boxes[4 * g + 2] ?? 0, boxes[4 * g + 3] ?? 0]
    const area = single(single(x2 - x1 + offset) * single(y2 - y1 + offset))
    let highest = 0
    let equals: number[] = []
    let start = 0
    for (const { level, bounds } of levels) {
      for (let i = 0, p = 0; p < level.length; i++, p += 4) {
        if (i % run === 0) {
          // Nothing of a run whose bounds miss the object overlaps it.
          const b = (i / run) * 4
          if ((bounds[b] ?? 0) >= x2 + offset || (bounds[b + 2] ?? 0) + offset <= x1 || (bounds[b + 1] ?? 0) >= y2 + offset || (bounds[b + 3] ?? 0) + offset <= y1) {
            i += run - 1
            p += (run - 1) * 4
            continue
          }
        }
        const [ax1, ay1, ax2, ay2] = [level[p] ?? 0, level[p + 1] ?? 0, level[p + 2] ?? 0, level[p + 3] ?? 0]
        const w = single(Math.min(ax2, x2) - Math.max(ax1, x1) + offset)
        if (w <= 0) continue
        const h = single(Math.min(ay2, y2) - Math.max(ay1, y1) + offset)
        if (h <= 0) continue
        if (isOut(level, p)) continue
        const shared = single(w * h)
        const iou = single(shared / single(single(single(single(ax2 - ax1 + offset) * single(ay2 - ay1 + offset)) + area) - shared))
        const index = start + i
        if (iou > (best[index] ?? 0)) {
          best[index] = iou
          matched[index] = g
        }
        if (iou > highest) {
          highest = iou
          equals = [index]
        } else if (iou === highest && iou > 0) equals.push(index)
      }
      start += level.length / 4
    }
    favourites.push(...equals)
  }
  const labels = new Int8Array(count)
  const [high, low] = [single(foreground), single(background)]
  for (let i = 0; i < count; i++) labels[i] = (best[i] ?? 0) >= high ? 1 : (best[i] ?? 0) < low ? 0 : -1
  for (const index of favourites) labels[index] = 1
  if (within !== undefined) {
    let index = 0
    for (const level of perLevel) {
      for (let p = 0; p < level.length; p += 4, index++) {
        if (!isOut(level, p)) continue
        labels[index] = -1
        best[index] = -1
      }
    }
  }
  return { labels, matched, overlap: best }
}
