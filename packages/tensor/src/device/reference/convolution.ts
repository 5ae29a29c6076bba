import type { ConvolutionAttributes } from '../../primitive.js'
import { sizeOf } from '../../shape.js'
import type { Sizes } from '../../shape.js'
import type { Evaluation } from './evaluation.js'
import { operandAt, outputAt, rounded } from './evaluation.js'

/**
 * One weight meets one row of the input and one row of the output: `y[yStart + i] ↔ w[weight] ↔ x[xStart + i·step]` for
 * i < count. The sum over all such meetings of y·w·x is trilinear; the convolution and its two transposes are its partial sums.
 */
type Meeting = (weight: number, xStart: number, yStart: number, count: number, step: number) => void

const range = (size: number, outputs: number, tap: number, stride: number): readonly [number, number] => {
  // Outputs o with 0 ≤ o·stride + tap < size.
  const first = Math.max(0, Math.ceil(-tap / stride))
  const last = Math.min(outputs - 1, Math.floor((size - 1 - tap) / stride))
  return [first, last]
}

const forEachMeeting = (x: Sizes, w: Sizes, y: Sizes, { stride, padding, dilation, groups }: ConvolutionAttributes, meet: Meeting): void => {
  const [images = 0, channels = 0, inputHeight = 0, inputWidth = 0] = x
  const [, , outputHeight = 0, outputWidth = 0] = y
  const [filters = 0, depth = 0, kernelHeight = 0, kernelWidth = 0] = w
  // A 1×1 window with stride 1 sees the map as one long row.
  const pointwise = kernelHeight * kernelWidth === 1 && stride[0] * stride[1] === 1 && padding.flat().every((n) => n === 0)
  const height = pointwise ? 1 : inputHeight
  const width = pointwise ? inputHeight * inputWidth : inputWidth
  const rows = pointwise ? 1 : outputHeight
  const columns = pointwise ? outputHeight * outputWidth : outputWidth
  const filtersPerGroup = filters / groups
  for (let n = 0; n < images; n++) {
    for (let o = 0; o < filters; o++) {
      const yMap = (n * filters + o) * rows * columns
      const firstChannel = Math.floor(o / filtersPerGroup) * depth
      for (let c = 0; c < depth; c++) {
        const xMap = (n * channels + firstChannel + c) * height * width
        for (let ky = 0; ky < kernelHeight; ky++) {
          const tapY = ky * dilation[0] - padding[0][0]
          const [firstRow, lastRow] = range(height, rows, tapY, stride[0])
          for (let kx = 0; kx < kernelWidth; kx++) {
            const tapX = kx * dilation[1] - padding[1][0]
            const [firstColumn, lastColumn] = range(width, columns, tapX, stride[1])
            const count = lastColumn - firstColumn + 1
            if (count <= 0) continue
            const weight = ((o * depth + c) * kernelHeight + ky) * kernelWidth + kx
            const xColumn = firstColumn * stride[1] + tapX
            for (let oy = firstRow; oy <= lastRow; oy++) {
              meet(weight, xMap + (oy * stride[0] + tapY) * width + xColumn, yMap + oy * columns + firstColumn, count, stride[1])
            }
          }
        }
      }
    }
  }
}

export const conv2d: Evaluation<'conv2d'> = (attributes, inputs, outputs, context) => {
  const x = operandAt(inputs, 0)
  const w = operandAt(inputs, 1)
  const { shape } = outputAt(outputs, 0)
  const [xs, ws] = [x.data, w.data]
  const sums = new Float64Array(sizeOf(shape))
  forEachMeeting(x.shape, w.shape, shape, attributes, (weight, xStart, yStart, count, step) => {
    const factor = ws[weight] ?? 0
    for (let i = 0; i < count; i++) sums[yStart + i] = (sums[yStart + i] ?? 0) + factor * (xs[xStart + i * step] ?? 0)
  })
  return [rounded(shape, sums, context)]
}

export const conv2dInputGradient: Evaluation<'conv2dInputGradient'> = (attributes, inputs, outputs, context) => {
  const dy = operandAt(inputs, 0)
  const w = operandAt(inputs, 1)
  const { shape } = outputAt(outputs, 0)
  const [dys, ws] = [dy.data, w.data]
  const sums = new Float64Array(sizeOf(shape))
  forEachMeeting(shape, w.shape, dy.shape, attributes, (weight, xStart, yStart, count, step) => {
    const factor = ws[weight] ?? 0
    for (let i = 0; i < count; i++) {
      const place = xStart + i * step
      sums[place] = (sums[place] ?? 0) + factor * (dys[yStart + i] ?? 0)
    }
  })
  return [rounded(shape, sums, context)]
}

export const conv2dWeightGradient: Evaluation<'conv2dWeightGradient'> = (attributes, inputs, outputs, context) => {
  const x = operandAt(inputs, 0)
  const dy = operandAt(inputs, 1)
  const { shape } = outputAt(outputs, 0)
  const [xs, dys] = [x.data, dy.data]
  const sums = new Float64Array(sizeOf(shape))
  forEachMeeting(x.shape, shape, dy.shape, attributes, (weight, xStart, yStart, count, step) => {
    let sum = 0
    for (let i = 0; i < count; i++) sum += (dys[yStart + i] ?? 0) * (xs[xStart + i * step] ?? 0)
    sums[weight] = (sums[weight] ?? 0) + sum
  })
  return [rounded(shape, sums, context)]
}
