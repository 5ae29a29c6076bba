import { ShapeError } from './errors.js'

/** A shape at run time: sizes in elements, outermost axis first. */
export type Sizes = readonly number[]

/** Number of elements. */
export const sizeOf = (shape: Sizes): number => shape.reduce((product, size) => product * size, 1)

/** Row-major strides, in elements. */
export const stridesOf = (shape: Sizes): readonly number[] => {
  const strides = new Array<number>(shape.length).fill(1)
  for (let axis = shape.length - 2; axis >= 0; axis--) strides[axis] = (strides[axis + 1] ?? 1) * (shape[axis + 1] ?? 1)
  return strides
}

/** `[2,3]`, for messages. */
export const showShape = (shape: Sizes): string => `[${shape.join(',')}]`

/** Same rank and sizes. */
export const sameShape = (a: Sizes, b: Sizes): boolean => a.length === b.length && a.every((size, axis) => size === b[axis])

/** The shape both operands broadcast to (NumPy's rule). Throws `ShapeError` where there is none. */
export const broadcastShapes = (operation: string, a: Sizes, b: Sizes): Sizes => {
  if (sameShape(a, b)) return a
  const rank = Math.max(a.length, b.length)
  return Array.from({ length: rank }, (_, axis) => {
    const sizeA = a[axis - rank + a.length] ?? 1
    const sizeB = b[axis - rank + b.length] ?? 1
    if (sizeA !== sizeB && sizeA !== 1 && sizeB !== 1) {
      throw new ShapeError({
        operation,
        operand: 'second operand',
        expected: `a shape that broadcasts with ${showShape(a)}`,
        found: showShape(b)
      })
    }
    return sizeA === 1 ? sizeB : sizeA
  })
}

/** A non-negative axis for one that may count from the end. Throws `ShapeError` where it is out of range. */
export const resolveAxis = (operation: string, axis: number, rank: number): number => {
  const resolved = axis < 0 ? axis + rank : axis
  if (!Number.isInteger(axis) || resolved < 0 || resolved >= rank) {
    throw new ShapeError({ operation, operand: 'axis', expected: `an axis in [${-rank}, ${rank})`, found: String(axis) })
  }
  return resolved
}

/** `[before, after]` padding of height, then of width. */
export type Padding2d = readonly [readonly [number, number], readonly [number, number]]

/** Geometry of a two-dimensional convolution or pooling window: `[height, width]`, in elements. */
export interface Window2d {
  readonly stride: readonly [number, number]
  readonly padding: Padding2d
  readonly dilation: readonly [number, number]
}

/** Output size along one axis: `floor((size + before + after - dilation·(kernel-1) - 1) / stride) + 1`. */
export const windowedSize = (size: number, kernel: number, stride: number, padding: readonly [number, number], dilation: number): number =>
  Math.floor((size + padding[0] + padding[1] - dilation * (kernel - 1) - 1) / stride) + 1
