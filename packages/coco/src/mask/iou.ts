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
  let [i, j, position, shared] = [0, 0, 0, 0]
  let [endA, endB] = [a[0] ?? 0, b[0] ?? 0]
  while (i < a.length && j < b.length) {
    const next = Math.min(endA, endB)
    if (i % 2 === 1 && j % 2 === 1) shared += next - position
    position = next
    if (endA === next) endA += a[++i] ?? 0
    if (endB === next) endB += b[++j] ?? 0
  }
  return shared
}

/**
 * IoU of every detection's mask with every ground truth's, detection by detection (`rleIou`): with a crowd the union is the detection's
 * area; masks whose boxes do not meet give 0, masks of different sizes −1.
 */
export const maskIou = (detections: readonly Rle[], truths: readonly Rle[], isCrowd: ArrayLike<number | boolean>): Float64Array => {
  const boxes = (masks: readonly Rle[]): Float64Array => Float64Array.from(masks.flatMap((mask) => boundingBox(mask)))
  const result = boxIou(boxes(detections), boxes(truths), isCrowd)
  const areas = (masks: readonly Rle[]): Float64Array => Float64Array.from(masks, area)
  const [detectionAreas, truthAreas] = [areas(detections), areas(truths)]
  detections.forEach((detection, d) =>
    truths.forEach((truth, g) => {
      const at = d * truths.length + g
      if (detection.height !== truth.height || detection.width !== truth.width) result[at] = -1
      else if ((result[at] ?? 0) > 0) {
        const shared = sharedPixels(detection.counts, truth.counts)
        const own = detectionAreas[d] ?? 0
        const together = isCrowd[g] ? own : own + (truthAreas[g] ?? 0) - shared
        result[at] = shared === 0 ? 0 : shared / together
      }
    })
  )
  return result
}
