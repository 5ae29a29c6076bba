import { bind } from '@tabula/tensor'
import type { Tensor } from '@tabula/tensor'
import { reshape } from './expression.js'

/** x with its axes in another order: x itself where it is the same order, a `reshape` where only axes of size 1 move past others. */
export const transposed = (x: Tensor, permutation: readonly number[]): Tensor => {
  const long = permutation.filter((axis) => x.shape[axis] !== 1)
  const ordered = long.every((axis, position) => position === 0 || axis > (long[position - 1] ?? 0))
  const shape = permutation.map((axis) => x.shape[axis] ?? 1)
  return ordered ? reshape(x, shape) : bind('transpose', { permutation }, x)
}
