import { area, boundingBox } from './rle.js'
import type { Rle } from './rle.js'

/**
 * IoU of every detection's box [x, y, w, h] with every ground truth's, detection by detection (`bbIou`). With a crowd ground truth the
 * union is the detection's own area. Sides have no +1.
 */
export const boxIou = (detections: ArrayLike<number>, truths: ArrayLike<number>, isCrowd: ArrayLike<number | boolean>): Float64Array => {
  const [m, n] = [detections.length / 4, truths.length / 4]
  const result = new Float64Array(m * n)
  for (let g = 0; g < n; g++) {
    const [gx, gy, gw, gh] = [truths[4 * g] ?? 0, truths[4 * g + 1] ?? 0, truths[4 * g + 2] ?? 0, truths[4 * g + 3] ?? 0]
    const truthArea = gw * gh
    const crowd = Boolean(isCrowd[g])
    for (let d = 0; d < m; d++) {
      const [dx, dy, dw, dh] = [detections[4 * d] ?? 0, detections[4 * d + 1] ?? 0, detections[4 * d + 2] ?? 0, detections[4 * d + 3] ?? 0]
      const w = Math.min(dw + dx, gw + gx) - Math.max(dx, gx)
      if (w <= 0) continue
      const h = Math.min(dh + dy, gh + gy) - Math.max(dy, gy)
      if (h <= 0) continue
      const shared = w * h
      result[d * n + g] = shared / (crowd ? dw * dh : dw * dh + truthArea - shared)
    }
  }
  return result
}

/** Pixels that are one in both lists of runs. */
const sharedPixels = (a: Uint32Array, b: Uint32Array): number => {
  let i = 0
  let j = 0
  let position = 0
  let shared = 0
  let endA = a[0] ?? 0
  let endB = b[0] ?? 0
  while (i < a.length && j < b.length) {
    const next = endA < endB ? endA : endB
    if ((i & j & 1) === 1) shared += next - position
    position = next
    if (endA === next) endA += a[++i] ?? 0
    if (endB === next) endB += b[++j] ?? 0
  }
  return shared
}

const boxesOf = (masks: readonly Rle[]): Float64Array => {
  const boxes = new Float64Array(4 * masks.length)
  masks.forEach((mask, k) => boxes.set(boundingBox(mask), 4 * k))
  return boxes
}

/**
 * IoU of every detection's mask with every ground truth's, detection by detection (`rleIou`): with a crowd the union is the detection's
 * area; masks whose boxes do not meet give 0, masks of different sizes −1.
 */
export const maskIou = (detections: readonly Rle[], truths: readonly Rle[], isCrowd: ArrayLike<number | boolean>): Float64Array => {
  const result = boxIou(boxesOf(detections), boxesOf(truths), isCrowd)
  const truthAreas = Float64Array.from(truths, area)
  for (let d = 0; d < detections.length; d++) {
    const detection = detections[d]
    if (detection === undefined) continue
    const own = area(detection)
    for (let g = 0; g < truths.length; g++) {
      const truth = truths[g]
      const at = d * truths.length + g
      if (truth === undefined) continue
      if (detection.height !== truth.height || detection.width !== truth.width) result[at] = -1
      else if ((result[at] ?? 0) > 0) {
        const shared = sharedPixels(detection.counts, truth.counts)
        result[at] = shared === 0 ? 0 : shared / (isCrowd[g] ? own : own + (truthAreas[g] ?? 0) - shared)
      }
    }
  }
  return result
}
