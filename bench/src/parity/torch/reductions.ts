import * as T from '@tabula/tensor'
import { axisOf, lastAndBack } from './axes.js'
import type { Floats, Integers, Operation, Operations, Recorded } from './recorded.js'
import { elementwise, sums } from './recorded.js'

const reduction = ({ args }: Recorded): T.Reduction => ({
  ...(args.has('dim') ? { axes: args.list('dim') } : {}),
  keepDimensions: args.truth('keepdim')
})

const correction = ({ args }: Recorded): number => (args.has('correction') ? args.number('correction') : args.truth('unbiased', true) ? 1 : 0)

/** The k largest along any axis, largest first, or the k smallest, smallest first; equal ones in index order, NaN above all. */
const ranked = (x: Floats, dim: number, count?: number, ascending = false): { readonly values: Floats; readonly indices: Integers } => {
  const axis = axisOf(dim, x.shape.length)
  const size = x.shape[axis] ?? 0
  const k = count ?? size
  const [there, back] = lastAndBack(x.shape.length, axis)
  const last: Floats = T.transpose(there)(x)
  if (!ascending) {
    const { values, indices } = T.topK({ k })(last)
    return { values: T.transpose(back)(values), indices: T.transpose(back)(indices) }
  }
  // Everything in descending order, backwards before and after, so that equal ones keep their order.
  const axes = [last.shape.length - 1]
  const { values, indices } = T.topK({ k: size })(T.reverse({ axes })(last))
  const smallest = <D extends T.Dtype>(y: T.Tensor<T.Shape, D>): T.Tensor<T.Shape, D> => T.transpose(back)(T.slice({ axis: axes[0] ?? 0, limit: k })(T.reverse({ axes })(y)))
  return { values: smallest(values), indices: smallest(T.sub(size - 1, indices)) }
}

/** The first largest (or smallest) along an axis, whose derivative goes to it alone. */
const extreme = (ascending: boolean): Operation =>
  elementwise(({ floats, args }) => {
    // All elements at once: equal ones share the derivative.
    if (!args.has('dim')) return { values: ascending ? T.min()(floats('x')) : T.max()(floats('x')) }
    const axis = args.number('dim')
    // NaN is the largest of all, and the smallest too.
    const { values: found, indices } = ranked(ascending ? T.neg(floats('x')) : floats('x'), axis, 1)
    const values = ascending ? T.neg(found) : found
    if (args.truth('keepdim')) return { values, indices }
    return { values: T.squeeze({ axis })(values), indices: T.squeeze({ axis })(indices) }
  })

/** p-norms; where the Euclidean norm is 0 its derivative is taken as 0, as PyTorch does. */
const norm = (recorded: Recorded): Floats => {
  const { floats, args } = recorded
  const [x, p, total] = [floats('x'), args.number('p', 2), T.sum(reduction(recorded))]
  if (p === 1) return total(T.abs(x))
  if (p !== 2) {
    if (!(p > 0 && p < Infinity)) throw new Error(`argument p: expected a positive number, found ${p}`)
    return T.pow(total(T.pow(T.abs(x), p)), 1 / p)
  }
  const squares = total(T.square(x))
  const none = T.equal(squares, 0)
  return T.select(none, 0, T.sqrt(T.select(none, 1, squares)))
}

/** An operation along one axis, or along all elements in their order where none is given. */
const along = (f: (x: Floats, axis: number) => Floats) => ({ floats, args }: Recorded): Floats =>
  args.has('dim') ? f(floats('x'), args.number('dim')) : f(T.reshape([-1])(floats('x')), 0)

/** Group `reduce`. */
export const reductions: Operations = {
  sum: sums((recorded) => T.sum(reduction(recorded))(recorded.floats('x'))),
  mean: sums((recorded) => T.mean(reduction(recorded))(recorded.floats('x'))),
  var: sums((recorded) => T.variance({ ...reduction(recorded), correction: correction(recorded) })(recorded.floats('x'))),
  std: sums((recorded) => T.standardDeviation({ ...reduction(recorded), correction: correction(recorded) })(recorded.floats('x'))),
  amin: elementwise((recorded) => T.min(reduction(recorded))(recorded.floats('x'))),
  amax: elementwise((recorded) => T.max(reduction(recorded))(recorded.floats('x'))),
  norm: sums(norm),
  max: extreme(false),
  min: extreme(true),
  cumsum: sums(along((x, axis) => T.cumulativeSum({ axis })(x))),
  prod: sums((recorded) => {
    const product = along((x, axis) => T.product({ axis })(x))(recorded)
    return recorded.args.truth('keepdim') ? T.reshape(recorded.recordedShape('y'))(product) : product
  }),
  argmax: elementwise(({ floats, args }) => {
    if (!args.has('dim')) return T.argmax({ axis: 0 })(T.reshape([-1])(floats('x')))
    const axis = args.number('dim')
    const indices = T.argmax({ axis })(floats('x'))
    return args.truth('keepdim') ? T.expandDims({ axis: axisOf(axis, floats('x').shape.length) })(indices) : indices
  }),
  sort: elementwise(({ floats, args }) => {
    args.irrelevant('stable')
    return ranked(floats('x'), args.number('dim', -1), undefined, !args.truth('descending'))
  }),
  topk: elementwise(({ floats, args }) => {
    args.irrelevant('sorted')
    return ranked(floats('x'), args.number('dim', -1), args.number('k'), !args.truth('largest', true))
  })
}
