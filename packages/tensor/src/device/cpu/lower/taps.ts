import type { ConvolutionAttributes } from '../../../primitive.js'
import type { Sizes } from '../../../shape.js'

/**
 * Which cell of a map each tap of a kernel reads for each cell of the result, tap by tap and row-major inside.
 * One place after the map's last cell stands for zero.
 */
export interface Taps {
  readonly places: readonly number[]
  /** Taps of the kernel. */
  readonly count: number
  readonly readsZero: boolean
  /** Whether the places are those of the map, in order. */
  readonly isIdentity: boolean
}

const tapsOf = (kernel: Sizes, from: Sizes, to: Sizes, source: (axis: 0 | 1, position: number, tap: number) => number | undefined): Taps => {
  const [rows = 1, columns = 1] = kernel
  const [height = 0, width = 0] = from.slice(-2)
  const [toHeight = 0, toWidth = 0] = to.slice(-2)
  const zero = height * width
  const inside = (place: number | undefined, size: number): place is number => place !== undefined && place >= 0 && place < size
  const places: number[] = []
  for (let r = 0; r < rows; r++) {
    for (let q = 0; q < columns; q++) {
      for (let i = 0; i < toHeight; i++) {
        const y = source(0, i, r)
        for (let j = 0; j < toWidth; j++) {
          const x = source(1, j, q)
          places.push(inside(y, height) && inside(x, width) ? y * width + x : zero)
        }
      }
    }
  }
  const isIdentity = places.length === zero && places.every((place, k) => place === k)
  return { places, count: rows * columns, readsZero: places.includes(zero), isIdentity }
}

export const Taps = {
  /** For a convolution: result i reads i·stride − padding + tap·dilation. */
  ofConvolution: ({ stride, padding, dilation }: ConvolutionAttributes, kernel: Sizes, from: Sizes, to: Sizes): Taps =>
    tapsOf(kernel, from, to, (axis, position, tap) => position * stride[axis] - padding[axis][0] + tap * dilation[axis]),

  /** For its transpose: cell i of the input gets from the result (i + padding − tap·dilation) / stride, where that is whole. */
  ofTranspose: ({ stride, padding, dilation }: ConvolutionAttributes, kernel: Sizes, from: Sizes, to: Sizes): Taps =>
    tapsOf(kernel, from, to, (axis, position, tap) => {
      const place = (position + padding[axis][0] - tap * dilation[axis]) / stride[axis]
      return Number.isInteger(place) ? place : undefined
    })
}
