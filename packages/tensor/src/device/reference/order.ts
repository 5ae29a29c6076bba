import { allocate } from '../../dtype.js'
import type { HostValue } from '../../value.js'
import type { Evaluation } from './evaluation.js'
import { made, operandAt, outputAt } from './evaluation.js'

/** Indices of a row by descending value; NaN counts as the largest, equal values stay in index order. */
const descending = (data: HostValue['data'], start: number, length: number): Int32Array => {
  const rank = (x: number): number => (Number.isNaN(x) ? 1 : 0)
  return Int32Array.from({ length }, (_, i) => i).sort((i, j) => {
    const a = data[start + i] ?? 0
    const b = data[start + j] ?? 0
    return a > b ? -1 : a < b ? 1 : rank(b) - rank(a) || i - j
  })
}

export const topK: Evaluation<'topK'> = ({ k }, inputs, outputs, { precision }) => {
  const x = operandAt(inputs, 0)
  const { shape } = outputAt(outputs, 0)
  const length = x.shape.at(-1) ?? 1
  const rows = length === 0 ? 0 : x.data.length / length
  const values = allocate('f32', rows * k, precision)
  const indices = new Int32Array(rows * k)
  for (let row = 0; row < rows; row++) {
    const order = descending(x.data, row * length, length)
    for (let i = 0; i < k; i++) {
      const index = order[i] ?? 0
      indices[row * k + i] = index
      values[row * k + i] = x.data[row * length + index] ?? 0
    }
  }
  return [made('f32', shape, values), made('i32', shape, indices)]
}

export const nms: Evaluation<'nms'> = ({ iouThreshold, inclusive, offset }, inputs, outputs, { precision }) => {
  const boxes = operandAt(inputs, 0).data
  const scores = operandAt(inputs, 1)
  const [images = 0, count = 0] = scores.shape
  // Discrete decisions: with single precision every step rounds, as in an implementation that computes in it.
  const round = precision === 'single' ? Math.fround : (x: number): number => x
  const side = (low: number, high: number): number => round(round(high - low) + offset)
  const keep = new Uint8Array(images * count)
  for (let image = 0; image < images; image++) {
    const first = image * count
    const coordinate = (box: number, k: number): number => boxes[(first + box) * 4 + k] ?? 0
    const areas = Float64Array.from({ length: count }, (_, i) =>
      round(side(coordinate(i, 0), coordinate(i, 2)) * side(coordinate(i, 1), coordinate(i, 3)))
    )
    const candidates = descending(scores.data, first, count).filter((i) => scores.data[first + i] !== -Infinity)
    const suppressed = new Uint8Array(count)
    candidates.forEach((i, position) => {
      if (suppressed[i] === 1) return
      keep[first + i] = 1
      for (let later = position + 1; later < candidates.length; later++) {
        const j = candidates[later] ?? 0
        if (suppressed[j] === 1) continue
        const width = Math.max(0, side(Math.max(coordinate(i, 0), coordinate(j, 0)), Math.min(coordinate(i, 2), coordinate(j, 2))))
        const height = Math.max(0, side(Math.max(coordinate(i, 1), coordinate(j, 1)), Math.min(coordinate(i, 3), coordinate(j, 3))))
        const shared = round(width * height)
        const iou = round(shared / round(round((areas[i] ?? 0) + (areas[j] ?? 0)) - shared))
        if (inclusive ? iou >= iouThreshold : iou > iouThreshold) suppressed[j] = 1
      }
    })
  }
  return [made('bool', outputAt(outputs, 0).shape, keep)]
}
