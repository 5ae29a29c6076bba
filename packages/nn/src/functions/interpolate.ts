import { gather, constant, integers, ShapeError } from '@tabula/tensor'
import type { HostValue, Pair, Shape, Tensor } from '@tabula/tensor'
import { both, matrixOf, separable, sidesOf } from './resample.js'

/** Where to, and how: PyTorch's `interpolate`. */
export type InterpolateOptions = {
  readonly mode: 'nearest' | 'bilinear'
  /** Bilinear: the corners' centres coincide, rather than the corners. */
  readonly alignCorners?: boolean
  /** Bilinear: where pixels become fewer, average over all that a new one covers (a triangle as wide as two new pixels). */
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
      const position = alignCorners ? row * apart : Math.max(0, (row + 0.5) * step - 0.5)
      const low = Math.min(from - 1, Math.floor(position))
      const share = Math.min(1, Math.max(0, position - low))
      return [
        { row, column: low, weight: 1 - share },
        { row, column: Math.min(from - 1, low + 1), weight: share }
      ]
    }).flat()
  )
}

/** Rows of normalized triangle weights, as wide as two new pixels where pixels become fewer (PyTorch's `antialias`). */
const triangleMatrix = ({ to, step }: Resizing, from: number): HostValue<'f32'> => {
  const support = Math.max(1, step)
  return matrixOf(
    to,
    from,
    Array.from({ length: to }, (_, row) => {
      const center = (row + 0.5) * step
      const first = Math.max(0, Math.floor(center - support + 0.5))
      const last = Math.min(from, Math.floor(center + support + 0.5))
      const weights = Array.from({ length: last - first }, (_, k) => Math.max(0, 1 - Math.abs((first + k + 0.5 - center) / support)))
      const total = weights.reduce((a, b) => a + b, 0)
      return weights.map((weight, k) => ({ row, column: first + k, weight: weight / total }))
    }).flat()
  )
}

/** Source pixels in single precision, as PyTorch computes them. */
const nearestIndices = ({ to, step }: Resizing, from: number): HostValue<'i32'> => {
  const scale = Math.fround(step)
  return integers(
    [to],
    Array.from({ length: to }, (_, target) => Math.min(from - 1, Math.floor(Math.fround(target * scale))))
  )
}

/** `[N, C, H, W]` maps in another size, by the nearest pixel or bilinearly (PyTorch's `interpolate`). Throws `ShapeError`. */
export const interpolate =
  (options: InterpolateOptions) =>
  (x: Tensor<Shape, 'f32'>): Tensor<readonly [number, number, number, number], 'f32'> => {
    const [height, width] = sidesOf('interpolate', x)
    const [down, across] = [resizing(options, 0, height), resizing(options, 1, width)]
    if (options.mode === 'nearest') {
      const rows = gather(constant<'i32'>(nearestIndices(down, height)), { axis: 2 })(x)
      // Gathering along two axes keeps the rank.
      return gather(constant<'i32'>(nearestIndices(across, width)), { axis: 3 })(rows) as Tensor<readonly [number, number, number, number], 'f32'>
    }
    const alignCorners = options.alignCorners === true
    if (options.antialias === true) {
      if (alignCorners) throw new ShapeError({ operation: 'interpolate', operand: 'options', expected: 'antialias without alignCorners', found: 'both' })
      return separable(triangleMatrix(down, height), triangleMatrix(across, width))(x)
    }
    return separable(bilinearMatrix(down, height, alignCorners), bilinearMatrix(across, width, alignCorners))(x)
  }
