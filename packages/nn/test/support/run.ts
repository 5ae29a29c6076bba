import { bind, graphOf, hostValue, sizeOf, tensorsOf } from '@tabula/tensor'
import type { HostValue, Shape, Sizes, Tensor } from '@tabula/tensor'
import { evaluate } from '@tabula/tensor/reference'
import { either as E } from 'fp-ts'
import { expect } from 'vitest'

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

/** A number of any shape as a tensor, with f32 values in double precision. */
export const constantOf = (value: HostValue): Tensor => bind('constant', { value })

/** The largest |found − expected|, relative to 1 + the largest |expected|; equal infinities and NaNs agree. */
export const largestError = (found: HostValue | undefined, expected: HostValue): number => {
  expect(found?.shape).toEqual(expected.shape)
  const scale = 1 + Math.max(0, ...Array.from(expected.data, Math.abs).filter(Number.isFinite))
  let largest = 0
  expected.data.forEach((want: number, index: number) => {
    const got = found?.data[index] ?? NaN
    largest = Math.max(largest, Object.is(got + 0, want + 0) ? 0 : Number.isNaN(got - want) ? Infinity : Math.abs(got - want) / scale)
  })
  return largest
}
