import type { Detection, Truth } from './prepare.js'

/** The distance from 1 to the next double, which the reference adds to areas. */
const spacing = Number.EPSILON

/**
 * Object keypoint similarity of every detection with every ground truth (`computeOks`): the mean over labelled keypoints of
 * exp(−d² / (2·(2σ)²·area)); without labelled keypoints d is the distance to the box doubled on every side.
 */
export const oks = (detections: readonly Detection[], truths: readonly Truth[], sigmas: readonly number[]): Float64Array => {
  const result = new Float64Array(detections.length * truths.length)
  const variances = sigmas.map((sigma) => (sigma * 2) ** 2)
  truths.forEach((truth, g) => {
    const labelled = variances.map((_, k) => (truth.keypoints[3 * k + 2] ?? 0) > 0)
    const any = labelled.includes(true)
    const [bx, by, bw, bh] = truth.box
    const outside = (value: number, low: number, high: number): number => Math.max(0, low - value) + Math.max(0, value - high)
    detections.forEach((detection, d) => {
      let sum = 0
      let count = 0
      variances.forEach((variance, k) => {
        if (any && labelled[k] !== true) return
        const [xd, yd] = [detection.keypoints[3 * k] ?? 0, detection.keypoints[3 * k + 1] ?? 0]
        const dx = any ? xd - (truth.keypoints[3 * k] ?? 0) : outside(xd, bx - bw, bx + bw * 2)
        const dy = any ? yd - (truth.keypoints[3 * k + 1] ?? 0) : outside(yd, by - bh, by + bh * 2)
        sum += Math.exp(-((dx ** 2 + dy ** 2) / variance / (truth.area + spacing) / 2))
        count++
      })
      result[d * truths.length + g] = sum / count
    })
  })
  return result
}
