import * as T from '@tabula/tensor'
import type { Dtype, Shape, Tensor } from '@tabula/tensor'

/** An axis counted from the front; PyTorch counts negative ones from the back. */
export const axisOf = (axis: number, rank: number): number => T.resolveAxis('axis', axis, rank)

/** The permutation that moves `axis` to the end, and the one that moves it back. */
export const lastAndBack = (rank: number, axis: number): readonly [readonly number[], readonly number[]] => {
  const there = [...Array.from({ length: rank }, (_, k) => k).filter((k) => k !== axis), axis]
  return [there, there.map((_, k) => there.indexOf(k))]
}

/** The first `sizes[k]` positions along each axis k. */
export const leading =
  (sizes: readonly number[]) =>
  <D extends Dtype>(x: Tensor<Shape, D>): Tensor<Shape, D> =>
    T.slice(...sizes.map((limit, axis): T.Range => ({ axis, limit })))(x)

/** A function of a batch of maps `[N, C, H, W]`, of a single one `[C, H, W]` too. */
export const batchOf = <D extends Dtype>(x: Tensor<Shape, 'f32'>, f: (maps: Tensor<Shape, 'f32'>) => Tensor<Shape, D>): Tensor<Shape, D> =>
  x.shape.length === 3 ? T.squeeze({ axis: 0 })(f(T.expandDims({ axis: 0 })(x))) : f(x)
