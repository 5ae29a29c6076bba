import { sizeOf } from '../../shape.js'
import type { Evaluation } from './evaluation.js'
import { operandAt, outputAt, rounded } from './evaluation.js'
import { broadcastStrides, offsetsOf } from './offsets.js'

export const matmul: Evaluation<'matmul'> = (_attributes, inputs, outputs, context) => {
  const a = operandAt(inputs, 0)
  const b = operandAt(inputs, 1)
  const { shape } = outputAt(outputs, 0)
  const [rows, inner, columns] = [a.shape.at(-2) ?? 0, a.shape.at(-1) ?? 0, b.shape.at(-1) ?? 0]
  const batch = shape.slice(0, -2)
  const startsA = offsetsOf(batch, broadcastStrides(a.shape.slice(0, -2), batch))
  const startsB = offsetsOf(batch, broadcastStrides(b.shape.slice(0, -2), batch))
  const fromA = a.data
  const fromB = b.data
  const sums = new Float64Array(sizeOf(shape))
  for (let n = 0; n < startsA.length; n++) {
    const startA = (startsA[n] ?? 0) * rows * inner
    const startB = (startsB[n] ?? 0) * inner * columns
    for (let i = 0; i < rows; i++) {
      const row = (n * rows + i) * columns
      for (let k = 0; k < inner; k++) {
        const factor = fromA[startA + i * inner + k] ?? 0
        const from = startB + k * columns
        for (let j = 0; j < columns; j++) sums[row + j] = (sums[row + j] ?? 0) + factor * (fromB[from + j] ?? 0)
      }
    }
  }
  return [rounded(shape, sums, context)]
}
