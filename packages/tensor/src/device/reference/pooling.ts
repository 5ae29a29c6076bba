import { allocate } from '../../dtype.js'
import type { PoolAttributes } from '../../primitive.js'
import { sizeOf } from '../../shape.js'
import type { Sizes } from '../../shape.js'
import type { HostValue } from '../../value.js'
import type { Evaluation } from './evaluation.js'
import { made, operandAt, outputAt, rounded } from './evaluation.js'

/** A window that lies in the padding alone has no maximum. */
const nowhere = -1

/**
 * Where each window's maximum is: the flat index y·W + x of the first of its largest elements, or of its last NaN, in scan
 * order, as PyTorch's `max_pool2d`; `nowhere` for a window without elements.
 */
const maxima = (x: HostValue, output: Sizes, { kernel, stride, padding, dilation }: PoolAttributes): Int32Array => {
  const [images = 0, channels = 0, height = 0, width = 0] = x.shape
  const [, , rows = 0, columns = 0] = output
  const from = x.data
  const indices = new Int32Array(sizeOf(output))
  let place = 0
  for (let map = 0; map < images * channels; map++) {
    const start = map * height * width
    for (let oy = 0; oy < rows; oy++) {
      for (let ox = 0; ox < columns; ox++) {
        let winner = nowhere
        let largest = -Infinity
        for (let ky = 0; ky < kernel[0]; ky++) {
          const iy = oy * stride[0] - padding[0][0] + ky * dilation[0]
          if (iy < 0 || iy >= height) continue
          for (let kx = 0; kx < kernel[1]; kx++) {
            const ix = ox * stride[1] - padding[1][0] + kx * dilation[1]
            if (ix < 0 || ix >= width) continue
            const value = from[start + iy * width + ix] ?? 0
            if (winner === nowhere || value > largest || Number.isNaN(value)) {
              winner = iy * width + ix
              largest = value
            }
          }
        }
        indices[place++] = winner
      }
    }
  }
  return indices
}

export const maxPool2d: Evaluation<'maxPool2d'> = (attributes, inputs, outputs, { precision }) => {
  const x = operandAt(inputs, 0)
  const { shape } = outputAt(outputs, 0)
  const winners = maxima(x, shape, attributes)
  const mapSize = (x.shape[2] ?? 0) * (x.shape[3] ?? 0)
  const windows = (shape[2] ?? 0) * (shape[3] ?? 0)
  const data = allocate('f32', winners.length, precision)
  for (let i = 0; i < winners.length; i++) {
    const winner = winners[i] ?? nowhere
    data[i] = winner === nowhere ? -Infinity : (x.data[Math.floor(i / windows) * mapSize + winner] ?? 0)
  }
  return [made('f32', shape, data), made('i32', shape, winners.map((winner) => Math.max(0, winner)))]
}

export const maxPool2dGradient: Evaluation<'maxPool2dGradient'> = (attributes, inputs, _outputs, context) => {
  const x = operandAt(inputs, 0)
  const dy = operandAt(inputs, 1)
  const winners = maxima(x, dy.shape, attributes)
  const mapSize = (x.shape[2] ?? 0) * (x.shape[3] ?? 0)
  const windows = (dy.shape[2] ?? 0) * (dy.shape[3] ?? 0)
  const sums = new Float64Array(x.data.length)
  for (let i = 0; i < winners.length; i++) {
    const winner = winners[i] ?? nowhere
    if (winner === nowhere) continue
    const place = Math.floor(i / windows) * mapSize + winner
    sums[place] = (sums[place] ?? 0) + (dy.data[i] ?? 0)
  }
  return [rounded(x.shape, sums, context)]
}

export const upsampleNearest: Evaluation<'upsampleNearest'> = ({ factor }, inputs, outputs, { precision }) => {
  const x = operandAt(inputs, 0)
  const { shape } = outputAt(outputs, 0)
  const [images = 0, channels = 0, rows = 0, columns = 0] = shape
  const [, , height = 0, width = 0] = x.shape
  const data = allocate('f32', sizeOf(shape), precision)
  let place = 0
  for (let map = 0; map < images * channels; map++) {
    for (let oy = 0; oy < rows; oy++) {
      const row = (map * height + Math.floor(oy / factor[0])) * width
      for (let ox = 0; ox < columns; ox++) data[place++] = x.data[row + Math.floor(ox / factor[1])] ?? 0
    }
  }
  return [made('f32', shape, data)]
}

export const windowSum: Evaluation<'windowSum'> = ({ factor }, inputs, outputs, context) => {
  const x = operandAt(inputs, 0)
  const { shape } = outputAt(outputs, 0)
  const [images = 0, channels = 0, height = 0, width = 0] = x.shape
  const [, , rows = 0, columns = 0] = shape
  const sums = new Float64Array(sizeOf(shape))
  let from = 0
  for (let map = 0; map < images * channels; map++) {
    for (let iy = 0; iy < height; iy++) {
      const row = (map * rows + Math.floor(iy / factor[0])) * columns
      for (let ix = 0; ix < width; ix++) {
        const place = row + Math.floor(ix / factor[1])
        sums[place] = (sums[place] ?? 0) + (x.data[from++] ?? 0)
      }
    }
  }
  return [rounded(shape, sums, context)]
}
