import { bind, graphOf, hostValue, sizeOf, tensorsOf } from '@tabula/tensor'
import type { HostValue, Shape, Sizes, Tensor } from '@tabula/tensor'
import { evaluate } from '@tabula/tensor/reference'
import { either as E } from 'fp-ts'

/** A constant in double precision. */
export const tensor = (shape: Sizes, numbers: readonly number[]): Tensor<Shape, 'f32'> =>
  bind('constant', { value: hostValue('f32', shape, Float64Array.from(numbers)) }) as Tensor<Shape, 'f32'>

/** A constant whose elements are a function of their index. */
export const generated = (shape: Sizes, element: (index: number) => number): Tensor<Shape, 'f32'> =>
  tensor(
    shape,
    Array.from({ length: sizeOf(shape) }, (_, index) => element(index))
  )

/** The numbers of every tensor in a tree without placeholders, by the reference interpreter. Throws where it refuses. */
export const run = (tree: unknown): readonly HostValue[] => {
  const outcome = evaluate(graphOf([], tensorsOf(tree)), [])
  if (E.isLeft(outcome)) throw new Error(outcome.left.message)
  return outcome.right
}

/** The numbers of one tensor. */
export const numbers = (x: Tensor): readonly number[] => Array.from(run(x)[0]?.data ?? [])

/** How often each primitive occurs among the nodes that a tree rests on. */
export const countNodes = (tree: unknown): Readonly<Record<string, number>> => {
  const counts: Record<string, number> = {}
  for (const { primitive } of graphOf([], tensorsOf(tree)).nodes) counts[primitive] = (counts[primitive] ?? 0) + 1
  return counts
}
