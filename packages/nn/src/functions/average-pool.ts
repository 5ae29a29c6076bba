import type { HostValue, Pair, Shape, Tensor } from '@tabula/tensor'
import { both, matrixOf, separable, sidesOf } from './resample.js'

/** Geometry of average pooling; PyTorch's defaults. */
export interface AveragePoolOptions {
  readonly kernel: Pair
  readonly stride?: Pair
  readonly padding?: Pair
  readonly ceilMode?: boolean
  /** Whether the zeros of the padding count as elements. */
  readonly countIncludePad?: boolean
}

interface Windows {
  readonly kernel: number
  readonly stride: number
  readonly padding: number
  readonly ceilMode: boolean
  readonly countIncludePad: boolean
}

const averaging = ({ kernel, stride, padding, ceilMode, countIncludePad }: Windows, from: number): HostValue<'f32'> => {
  const span = from + 2 * padding - kernel
  const rounded = (ceilMode ? Math.ceil(span / stride) : Math.floor(span / stride)) + 1
  // A window that rounding up added must start inside the map or its left padding.
  const to = ceilMode && (rounded - 1) * stride >= from + padding ? rounded - 1 : rounded
  return matrixOf(
    to,
    from,
    Array.from({ length: to }, (_, row) => {
      const start = row * stride - padding
      const padded = Math.min(start + kernel, from + padding) - start
      const [first, end] = [Math.max(0, start), Math.min(from, start + kernel)]
      const weight = 1 / (countIncludePad ? padded : end - first)
      return Array.from({ length: Math.max(0, end - first) }, (_, k) => ({ row, column: first + k, weight }))
    }).flat()
  )
}

/**
 * Means over windows of `[N, C, H, W]` (PyTorch's `avg_pool2d`). A window is a product of intervals, so its mean is a separable
 * linear map.
 */
export const averagePool2d =
  ({ kernel, stride = kernel, padding = 0, ceilMode = false, countIncludePad = true }: AveragePoolOptions) =>
  (x: Tensor<Shape, 'f32'>): Tensor<readonly [number, number, number, number], 'f32'> => {
    const sides = sidesOf('averagePool2d', x)
    const along = (axis: 0 | 1): HostValue<'f32'> =>
      averaging({ kernel: both(kernel)[axis], stride: both(stride)[axis], padding: both(padding)[axis], ceilMode, countIncludePad }, sides[axis])
    return separable(along(0), along(1))(x)
  }

/** Means over windows that divide `[N, C, H, W]` into `size` parts as evenly as possible (PyTorch's `adaptive_avg_pool2d`). */
export const adaptiveAveragePool2d =
  ({ size }: { readonly size: Pair }) =>
  (x: Tensor<Shape, 'f32'>): Tensor<readonly [number, number, number, number], 'f32'> => {
    const sides = sidesOf('adaptiveAveragePool2d', x)
    const along = (axis: 0 | 1): HostValue<'f32'> => {
      const [from, to] = [sides[axis], both(size)[axis]]
      const windows = Array.from({ length: to }, (_, row) => {
        const [first, end] = [Math.floor((row * from) / to), Math.ceil(((row + 1) * from) / to)]
        return Array.from({ length: end - first }, (_, k) => ({ row, column: first + k, weight: 1 / (end - first) }))
      })
      return matrixOf(to, from, windows.flat())
    }
    return separable(along(0), along(1))(x)
  }
