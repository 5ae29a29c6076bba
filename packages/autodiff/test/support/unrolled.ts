import { bind, isTensor, leavesOf, mapLeaves, tensorsOf } from '@tabula/tensor'
import type { Tensor } from '@tabula/tensor'
import type { ScanOptions, SliceOf, StackOf } from '../../src/index.js'

const element = (x: Tensor, position: number): Tensor => {
  const [start, limit] = [x.shape.map((_, axis) => (axis === 0 ? position : 0)), x.shape.map((size, axis) => (axis === 0 ? position + 1 : size))]
  const one = bind('slice', { start, limit, stride: x.shape.map(() => 1) }, x)
  return bind('reshape', { shape: x.shape.slice(1) }, one)
}

const stack = (slices: readonly Tensor[]): Tensor =>
  bind('concatenate', { axis: 0 }, ...slices.map((slice) => bind('reshape', { shape: [1, ...slice.shape] }, slice)))

/** What `scan` means: the step as often as there are slices (at least once), written out one after another. */
export const unrolled = <C, X, Y>(
  step: (carry: C, slice: SliceOf<X>) => readonly [C, Y],
  init: C,
  xs: X,
  { length, reverse = false }: Pick<ScanOptions, 'length' | 'reverse'> = {}
): readonly [C, StackOf<Y>] => {
  const count = length ?? leavesOf(xs, isTensor)[0]?.leaf.shape[0] ?? 0
  const order = Array.from({ length: count }, (_, round) => (reverse ? count - 1 - round : round))
  const answers: Y[] = []
  let carry = init
  for (const position of order) {
    const [next, answer] = step(carry, mapLeaves(xs, isTensor, (x: Tensor) => element(x, position)) as SliceOf<X>)
    carry = next
    answers[position] = answer
  }
  let leaf = 0
  return [carry, mapLeaves(answers[0], isTensor, () => stackAt(answers, leaf++)) as StackOf<Y>]
}

const stackAt = <Y>(answers: readonly Y[], leaf: number): Tensor => stack(answers.map((answer) => tensorsOf(answer)[leaf] as Tensor))
