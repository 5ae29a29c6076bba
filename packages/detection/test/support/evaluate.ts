import { either as E } from 'fp-ts'
import { constant, graphOf, hostValue } from '@tabula/tensor'
import type { Shape, Tensor } from '@tabula/tensor'
import { evaluate } from '@tabula/tensor/reference'

/** The numbers of a constant expression, in double precision. */
export const numbersOf = (x: Tensor): readonly number[] => {
  const ran = evaluate(graphOf([], [x]), [])
  if (E.isLeft(ran)) throw new Error(ran.left.message)
  return Array.from(ran.right[0]?.data ?? [], Number)
}

/** A constant in double precision. */
export const doubles = (shape: readonly number[], data: readonly number[]): Tensor<Shape, 'f32'> => constant(hostValue('f32', shape, Float64Array.from(data)))

/** Rows of numbers as a constant `[1, rows, 4]`. */
export const boxBatch = (boxes: readonly (readonly number[])[]): Tensor<Shape, 'f32'> => doubles([1, boxes.length, 4], boxes.flat())

/** Constant whole numbers `[n]`. */
export const integersOf = (data: readonly number[]): Tensor<Shape, 'i32'> => constant(hostValue('i32', [data.length], Int32Array.from(data)))

/** Constant truth values, given as 0 and 1. */
export const truths = (shape: readonly number[], data: readonly number[]): Tensor<Shape, 'bool'> => constant(hostValue('bool', shape, Uint8Array.from(data)))
