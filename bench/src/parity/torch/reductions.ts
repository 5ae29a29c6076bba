import * as T from '@tabula/tensor'
import { axisOf, lastAndBack } from './axes.js'
import type { Floats, Operation, Operations, Outputs, Recorded } from './recorded.js'
import { elementwise, sums } from './recorded.js'

const reduction = ({ args }: Recorded): T.Reduction => ({
  ...(args.has('dim') ? { axes: args.list('dim') } : {}),
  keepDimensions: args.truth('keepdim')
})

const correction = ({ args }: Recorded): number => (args.truth('unbiased') ? 1 : 0)

/** The k largest along any axis, largest first, or the k smallest, smallest first; equal ones in index order. */
const ranked = (x: Floats, dim: number, count?: number, ascending = false): Outputs => {
  const axis = axisOf(dim, x.shape.length)
  const [there, back] = lastAndBack(x.shape.length, axis)
  const { values, indices } = T.topK({ k: count ?? x.shape[axis] ?? 0 })(T.transpose(there)(ascending ? T.neg(x) : x))
  const inPlace: Floats = T.transpose(back)(values)
  return { values: ascending ? T.neg(inPlace) : inPlace, indices: T.transpose(back)(indices) }
}

/** The first largest (or smallest) along an axis, whose derivative goes to it alone. */
const extreme = (ascending: boolean): Operation =>
  elementwise(({ floats, args }) => {
    const { values, indices } = ranked(floats('x'), args.number('dim'), 1, ascending)
    if (values === undefined || indices === undefined) throw new RangeError('ranked answers values and indices')
    if (args.truth('keepdim')) return { values, indices }
    const axis = args.number('dim')
    return { values: T.squeeze({ axis })(values), indices: T.squeeze({ axis })(indices) }
  })

/** p-norms; where the Euclidean norm is 0 its derivative is taken as 0, as PyTorch does. */
const norm = (recorded: Recorded): Floats => {
  const { floats, args } = recorded
  const [x, p, total] = [floats('x'), args.number('p', 2), T.sum(reduction(recorded))]
  if (p === 1) return total(T.abs(x))
  if (p !== 2) return T.pow(total(T.pow(T.abs(x), p)), 1 / p)
  const squares = total(T.square(x))
  const positive = T.greater(squares, 0)
  return T.select(positive, T.sqrt(T.select(positive, squares, 1)), 0)
}

/** An operation along one axis, or along all elements in their order where none is given. */
const along = (f: (x: Floats, axis: number) => Floats): Operation['build'] => ({ floats, args }) =>
  args.has('dim') ? f(floats('x'), args.number('dim')) : f(T.reshape([-1])(floats('x')), 0)

/** Group `reduce`. */
export const reductions: Operations = {
  sum: sums((recorded) => T.sum(reduction(recorded))(recorded.floats('x'))),
  mean: sums((recorded) => T.mean(reduction(recorded))(recorded.floats('x'))),
  var: sums((recorded) => T.variance({ ...reduction(recorded), correction: correction(recorded) })(recorded.floats('x'))),
  std: sums((recorded) => T.standardDeviation({ ...reduction(recorded), correction: correction(recorded) })(recorded.floats('x'))),
  amax: elementwise((recorded) => T.max(reduction(recorded))(recorded.floats('x'))),
  norm: sums(norm),
  max: extreme(false),
  min: extreme(true),
  cumsum: sums(along((x, axis) => T.cumulativeSum({ axis })(x))),
  prod: sums(along((x, axis) => T.product({ axis })(x))),
  argmax: elementwise(({ floats, args }) => {
    if (!args.has('dim')) return T.argmax({ axis: 0 })(T.reshape([-1])(floats('x')))
    const axis = args.number('dim')
    const indices = T.argmax({ axis })(floats('x'))
    return args.truth('keepdim') ? T.expandDims({ axis: axisOf(axis, floats('x').shape.length) })(indices) : indices
  }),
  sort: elementwise(({ floats, args }) => ranked(floats('x'), args.number('dim', -1), undefined, !args.truth('descending'))),
  topk: elementwise(({ floats, args }) => ranked(floats('x'), args.number('dim', -1), args.number('k'), args.has('largest') && !args.truth('largest')))
}
