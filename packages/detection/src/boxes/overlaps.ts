import type { BoxOffset } from './geometry.js'

/** Numbers of each pair of a row and a column: element (i, j) at i · columns + j. */
export interface Pairs {
  readonly rows: number
  readonly columns: number
  readonly data: Float32Array | Float64Array
}

/** How `overlapsOf` rounds, and whether sides count both end pixels. */
export interface OverlapOptions {
  /** Whether every step rounds to single precision, as implementations that compute in it (where not given), or not. */
  readonly precision?: 'single' | 'double'
  /** What is added to `high - low` for a side in pixels: 0 where not given. */
  readonly offset?: BoxOffset
}

/**
 * IoU of each of A boxes with each of B, four numbers x1, y1, x2, y2 a box, computed at once on the host: for data loaders, where ground truth is
 * matched before a program runs. On devices `pairwiseIou` does the same. Boxes that share nothing have 0.
 */
export const overlapsOf = (a: ArrayLike<number>, b: ArrayLike<number>, { precision = 'single', offset = 0 }: OverlapOptions = {}): Pairs => {
  const round = precision === 'single' ? Math.fround : (x: number): number => x
  const [rows, columns] = [a.length / 4, b.length / 4]
  const data = precision === 'single' ? new Float32Array(rows * columns) : new Float64Array(rows * columns)
  const side = (low: number, high: number): number => round(round(high - low) + offset)
  const corners = (of: ArrayLike<number>, at: number): readonly [number, number, number, number] => [of[4 * at] ?? 0, of[4 * at + 1] ?? 0, of[4 * at + 2] ?? 0, of[4 * at + 3] ?? 0]
  for (let i = 0; i < rows; i++) {
    const [ax1, ay1, ax2, ay2] = corners(a, i)
    const area = round(side(ax1, ax2) * side(ay1, ay2))
    for (let j = 0; j < columns; j++) {
      const [x1, y1, x2, y2] = corners(b, j)
      const [w, h] = [side(Math.max(ax1, x1), Math.min(ax2, x2)), side(Math.max(ay1, y1), Math.min(ay2, y2))]
      if (w <= 0 || h <= 0) continue
      const shared = round(w * h)
      data[i * columns + j] = round(shared / round(round(area + round(side(x1, x2) * side(y1, y2))) - shared))
    }
  }
  return { rows, columns, data }
}
