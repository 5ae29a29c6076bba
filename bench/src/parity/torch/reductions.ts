import * as T from '@tabula/tensor'
import type { Floats, Operation, Operations, Outputs, Recorded } from './recorded.js'
import { elementwise, sums } from './recorded.js'

const reduction = ({ args }: Recorded): T.Reduction => ({
  ...(args.has('dim') ? { axes: args.list('dim') } : {}),
  keepDimensions: args.truth('keepdim')
})

const correction = ({ args }: Recorded): number => (args.truth('unbiased') ? 1 : 0)

/** Where axis `axis` is last and back again: two permutations of `rank` axes. */
const lastAndBack = (rank: number, axis: number): readonly [readonly number[], readonly number[]] => {
  const others = Array.from({ length: rank }, (_, k) => k).filter((k) => k !== axis)
  const there = [...others, axis]
  return [there, there.map((_, k) => there.indexOf(k))]
}

/** The k largest along any axis. */
const ranked = (x: Floats, axis: number, count?: number): Outputs => {
  const along = T.resolveAxis('ranked', axis, x.shape.length)
  const [there, back] = lastAndBack(x.shape.length, along)
  const { values, indices } = T.topK({ k: count ?? x.shape[along] ?? 0 })(T.transpose(there)(x))
  return { values: T.transpose(back)(values), indices: T.transpose(back)(indices) }
}

/** The first largest along an axis, whose derivative goes to it alone. */
const largest = (x: Floats, axis: number): Outputs => {
  const { values, indices } = ranked(x, axis, 1)
  if (values === undefined || indices === undefined) throw new RangeError('ranked answers values and indices')
  return { values: T.squeeze({ axis })(values), indices: T.squeeze({ axis })(indices) }
}

const withValues = (outputs: Outputs, f: (x: Floats) => Floats): Outputs => ({ ...outputs, values: f(outputs['values'] as Floats) })

const along = (f: (x: Floats, axis: number) => Floats | Outputs): Operation['build'] => ({ floats, args }) => f(floats('x'), args.number('dim'))

/** Group `reduce`. */
export const reductions: Operations = {
  sum: sums((recorded) => T.sum(reduction(recorded))(recorded.floats('x'))),
  mean: sums((recorded) => T.mean(reduction(recorded))(recorded.floats('x'))),
  var: sums((recorded) => T.variance({ ...reduction(recorded), correction: correction(recorded) })(recorded.floats('x'))),
  std: sums((recorded) => T.standardDeviation({ ...reduction(recorded), correction: correction(recorded) })(recorded.floats('x'))),
  amax: elementwise((recorded) => T.max(reduction(recorded))(recorded.floats('x'))),
  norm: sums((recorded) => T.sqrt(T.sum(reduction(recorded))(T.square(recorded.floats('x'))))),
  max: elementwise(along(largest)),
  min: elementwise(along((x, axis) => withValues(largest(T.neg(x), axis), T.neg))),
  cumsum: sums(along((x, axis) => T.cumulativeSum({ axis })(x))),
  prod: sums(along((x, axis) => T.product({ axis })(x))),
  argmax: elementwise(({ floats, args }) => T.argmax({ axis: args.number('dim') })(floats('x'))),
  sort: elementwise(along((x, axis) => ranked(x, axis))),
  topk: elementwise(({ floats, args }) => ranked(floats('x'), args.number('dim'), args.number('k')))
}
