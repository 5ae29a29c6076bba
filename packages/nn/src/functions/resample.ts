import { constant, matmul, ShapeError, showShape, transpose } from '@tabula/tensor'
import type { HostValue, Pair, Shape, Tensor } from '@tabula/tensor'

type Real = Tensor<Shape, 'f32'>
type Map2d = Tensor<readonly [number, number, number, number], 'f32'>

/** A matrix `[to, from]` from its entries, each at (row, column); equal places add up. */
export interface Entry {
  readonly row: number
  readonly column: number
  readonly weight: number
}

/** The dense matrix `[rows, columns]` of some entries. */
export const matrixOf = (rows: number, columns: number, entries: readonly Entry[]): HostValue<'f32'> => {
  const data = new Float64Array(rows * columns)
  for (const { row, column, weight } of entries) data[row * columns + column] = (data[row * columns + column] ?? 0) + weight
  return { kind: 'host', dtype: 'f32', shape: [rows, columns], data }
}

/** Height and width of a map. Throws `ShapeError` unless it is `[N, C, H, W]`. */
export const sidesOf = (operation: string, x: Real): readonly [number, number] => {
  const [, , height, width] = x.shape
  if (height === undefined || width === undefined || x.shape.length !== 4) {
    throw new ShapeError({ operation, operand: 'x', expected: '[N, C, H, W]', found: showShape(x.shape) })
  }
  return [height, width]
}

/** A separable linear map of `[N, C, H, W]` maps: rows·x·columnsᵀ for each image and channel, as two constant matrices. */
export const separable =
  (rows: HostValue<'f32'>, columns: HostValue<'f32'>) =>
  (x: Real): Map2d => {
    const across = matmul(x, transpose([1, 0])(constant<'f32'>(columns) as Real))
    // [N, C, OH, OW] by the shapes of the two matrices.
    return matmul(constant<'f32'>(rows) as Real, across) as Map2d
  }

/** Both numbers of a pair. */
export const both = (x: Pair): readonly [number, number] => (typeof x === 'number' ? [x, x] : x)
