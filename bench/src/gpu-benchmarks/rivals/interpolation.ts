import type { Numbers } from '../tasks.js'

/**
 * RoIAlign as two matrix products, for rivals that have no such operation: its bilinear weights along one axis, `[K, size, length]`,
 * for boxes x1, y1, x2, y2 (two samples a bin, not aligned). The result is the map times the weights along both axes.
 */
export const interpolationWeights = (boxes: Numbers, axis: 'x' | 'y', { size, length, scale }: { readonly size: number; readonly length: number; readonly scale: number }): Numbers => {
  const count = boxes.shape[0] ?? 0
  const data = new Float32Array(count * size * length)
  const [low, high] = axis === 'x' ? [0, 2] : [1, 3]
  for (let k = 0; k < count; k++) {
    const start = (boxes.data[4 * k + low] ?? 0) * scale
    const bin = Math.max((boxes.data[4 * k + high] ?? 0) * scale - start, 1) / size
    for (let o = 0; o < size; o++) {
      for (const offset of [0.25, 0.75]) {
        const at = start + (o + offset) * bin
        if (at < -1 || at > length) continue
        const place = Math.min(Math.max(at, 0), length - 1)
        const first = Math.min(Math.floor(place), length - 1)
        const second = Math.min(first + 1, length - 1)
        const row = (k * size + o) * length
        data[row + first] = (data[row + first] ?? 0) + (1 - (place - first)) / 2
        data[row + second] = (data[row + second] ?? 0) + (place - first) / 2
      }
    }
  }
  return { shape: [count, size, length], data }
}
