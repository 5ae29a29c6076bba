import { gather, constant, integers, ShapeError } from '@tabula/tensor'
import type { HostValue, Pair, Shape, Tensor } from '@tabula/tensor'
import { adaptiveAveragePool2d } from './average-pool.js'
import { both, matrixOf, separable, sidesOf } from './resample.js'

/** Where to, and how: PyTorch's `interpolate`. */
export type InterpolateOptions = {
  /**
   * `nearest` takes the pixel that holds a new pixel's corner, `nearest-exact` the one that holds its centre; `bilinear` weighs two pixels
   * along each axis, `bicubic` four (Keys 1981, a = −3/4); `area` is the mean of all pixels that a new one touches.
   */
  readonly mode: 'nearest' | 'nearest-exact' | 'bilinear' | 'bicubic' | 'area'
  /** Bilinear and bicubic: the corners' centres coincide, rather than the corners. */
  readonly alignCorners?: boolean
  /** Bilinear and bicubic: where pixels become fewer, the filter is as wide as in new pixels (bicubic: with a = −1/2). */
  readonly antialias?: boolean
} & (
  | { readonly size: Pair }
  | {
      /** New size over old; sizes are rounded down. */
      readonly scaleFactor: Pair
      /** Coordinates from the rounded sizes (`true`), or from the factor as given (`false`), as PyTorch. */
      readonly recomputeScaleFactor?: boolean
    }
)

/** New size, and old pixels for a new one. */
interface Resizing {
  readonly to: number
  readonly step: number
}

const resizing = (options: InterpolateOptions, axis: 0 | 1, from: number): Resizing => {
  if ('size' in options) {
    const to = both(options.size)[axis]
    return { to, step: from / to }
  }
  const factor = both(options.scaleFactor)[axis]
  const to = Math.floor(from * factor)
  return { to, step: options.recomputeScaleFactor === true ? from / to : 1 / factor }
}

const bilinearMatrix = ({ to, step }: Resizing, from: number, alignCorners: boolean): HostValue<'f32'> => {
  const apart = to > 1 ? (from - 1) / (to - 1) : 0
  return matrixOf(
    to,
    from,
    Array.from({ length: to }, (_, row) => {
      // A size that stays is left alone, whatever the factor, as PyTorch does.
      const position = to === from ? row : alignCorners ? row * apart : Math.max(0, (row + 0.5) * step - 0.5)
      const low = Math.min(from - 1, Math.floor(position))
      const share = Math.min(1, Math.max(0, position - low))
      return [
        { row, column: low, weight: 1 - share },
        { row, column: Math.min(from - 1, low + 1), weight: share }
      ]
    }).flat()
  )
}

/** Keys' cubic convolution: the weight of a pixel at a distance, 0 from 2. */
const cubic =
  (a: number) =>
  (signed: number): number => {
    const d = Math.abs(signed)
    if (d <= 1) return ((a + 2) * d - (a + 3)) * d * d + 1
    return d < 2 ? ((a * d - 5 * a) * d + 8 * a) * d - 4 * a : 0
  }

/** Four pixels for a new one; those beyond an edge are the edge's. */
const bicubicMatrix = ({ to, step }: Resizing, from: number, alignCorners: boolean): HostValue<'f32'> => {
  const apart = to > 1 ? (from - 1) / (to - 1) : 0
  const weightAt = cubic(-0.75)
  return matrixOf(
    to,
    from,
    Array.from({ length: to }, (_, row) => {
      const position = alignCorners ? row * apart : (row + 0.5) * step - 0.5
      const low = Math.floor(position)
      return [-1, 0, 1, 2].map((k) => ({ row, column: Math.min(from - 1, Math.max(0, low + k)), weight: weightAt(position - low - k) }))
    }).flat()
  )
}

/** A filter of a radius, in pixels. */
interface Filter {
  readonly radius: number
  readonly weightAt: (distance: number) => number
}

const triangle: Filter = { radius: 1, weightAt: (distance) => Math.max(0, 1 - Math.abs(distance)) }

/** Rows of a filter's weights, normalized; the filter is as wide as in new pixels where pixels become fewer (PyTorch's `antialias`). */
const filterMatrix = ({ to, step }: Resizing, from: number, { radius, weightAt }: Filter): HostValue<'f32'> => {
  const stretch = Math.max(1, step)
  const support = radius * stretch
  return matrixOf(
    to,
    from,
    Array.from({ length: to }, (_, row) => {
      const center = (row + 0.5) * step
      const first = Math.max(0, Math.floor(center - support + 0.5))
      const last = Math.min(from, Math.floor(center + support + 0.5))
      const weights = Array.from({ length: last - first }, (_, k) => weightAt((first + k + 0.5 - center) / stretch))
      const total = weights.reduce((a, b) => a + b, 0)
      return weights.map((weight, k) => ({ row, column: first + k, weight: weight / total }))
    }).flat()
  )
}

/** Source pixels in single precision, as PyTorch computes them; where the size stays or doubles the factor plays no part. */
const nearestIndices = ({ to, step }: Resizing, from: number): HostValue<'i32'> => {
  const scale = Math.fround(to === from ? 1 : to === 2 * from ? 0.5 : step)
  return integers(
    [to],
    Array.from({ length: to }, (_, target) => Math.min(from - 1, Math.floor(Math.fround(target * scale))))
  )
}

/** Source pixels by the new pixels' centres. */
const centreIndices = ({ to, step }: Resizing, from: number): HostValue<'i32'> =>
  integers(
    [to],
    Array.from({ length: to }, (_, target) => Math.min(from - 1, Math.floor((target + 0.5) * step)))
  )

/** `[N, C, H, W]` maps in another size, by pixels, interpolation or means (PyTorch's `interpolate`). Throws `ShapeError`. */
export const interpolate =
  (options: InterpolateOptions) =>
  (x: Tensor<Shape, 'f32'>): Tensor<readonly [number, number, number, number], 'f32'> => {
    const [height, width] = sidesOf('interpolate', x)
    const [down, across] = [resizing(options, 0, height), resizing(options, 1, width)]
    if (options.mode === 'nearest' || options.mode === 'nearest-exact') {
      const indices = options.mode === 'nearest' ? nearestIndices : centreIndices
      const rows = gather(constant<'i32'>(indices(down, height)), { axis: 2 })(x)
      // Gathering along two axes keeps the rank.
      return gather(constant<'i32'>(indices(across, width)), { axis: 3 })(rows) as Tensor<readonly [number, number, number, number], 'f32'>
    }
    if (options.mode === 'area') return adaptiveAveragePool2d({ size: [down.to, across.to] })(x)
    const alignCorners = options.alignCorners === true
    if (options.antialias === true) {
      if (alignCorners) throw new ShapeError({ operation: 'interpolate', operand: 'options', expected: 'antialias without alignCorners', found: 'both' })
      const filter: Filter = options.mode === 'bilinear' ? triangle : { radius: 2, weightAt: cubic(-0.5) }
      return separable(filterMatrix(down, height, filter), filterMatrix(across, width, filter))(x)
    }
    const matrix = options.mode === 'bilinear' ? bilinearMatrix : bicubicMatrix
    return separable(matrix(down, height, alignCorners), matrix(across, width, alignCorners))(x)
  }
