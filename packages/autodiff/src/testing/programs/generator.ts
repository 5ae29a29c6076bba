import { bind, hostValue, sizeOf } from '@tabula/tensor'
import type { Sizes, Tensor } from '@tabula/tensor'
import { add, mul, number, reshape } from '../../expression.js'
import type { Draw } from './draw.js'

/** What a step of a random program may use. */
export interface Step extends Draw {
  /** One of the real tensors that the program has so far; the latest is the simplest choice. */
  readonly real: () => Tensor
}

/**
 * Applies a primitive to tensors of the program, whatever their shapes, and answers real tensors. Numbers stay of moderate size, so
 * that differences can be told from rounding, and within what the primitive is defined on.
 */
export type Generator = (step: Step) => readonly Tensor[]

/** Numbers as part of the program. */
export const data = (shape: Sizes, next: (index: number) => number): Tensor =>
  bind('constant', { value: hostValue('f32', shape, Float64Array.from({ length: sizeOf(shape) }, (_, index) => next(index))) })

/** Whole numbers as part of the program. */
export const whole = (shape: Sizes, next: (index: number) => number): Tensor =>
  bind('constant', { value: hostValue('i32', shape, Int32Array.from({ length: sizeOf(shape) }, (_, index) => next(index))) })

/** The elements of a tensor in another shape: repeated from the start where there are too few, cut off where there are too many. */
export const refitted = (x: Tensor, shape: Sizes): Tensor => {
  const [from, to] = [sizeOf(x.shape), sizeOf(shape)]
  if (from === to) return reshape(x, shape)
  return reshape(bind('gather', { axis: 0, batchDims: 0 }, reshape(x, [from]), whole([to], (index) => index % from)), shape)
}

/** b where it broadcasts against a as it is; else its elements in a's shape, or in a shape that broadcasts to it. */
export const beside = (a: Tensor, b: Tensor, { below }: Draw): Tensor => {
  const rank = Math.max(a.shape.length, b.shape.length)
  const size = ({ shape }: Tensor, axis: number): number => shape[axis - (rank - shape.length)] ?? 1
  const fits = Array.from({ length: rank }, (_, axis) => axis).every((axis) => size(a, axis) === size(b, axis) || size(a, axis) === 1 || size(b, axis) === 1)
  // A small program that grows by broadcasting outer products is small no longer.
  const grown = Array.from({ length: rank }, (_, axis) => Math.max(size(a, axis), size(b, axis))).reduce((product, n) => product * n, 1)
  if (fits && grown <= 64) return b
  const ones = below(4)
  return refitted(b, a.shape.map((n, axis) => ((ones >> axis % 2) % 2 === 1 ? 1 : n)).slice(below(2) === 0 ? 0 : a.shape.length))
}

/** Between −1 and 1. */
export const calm = (x: Tensor): Tensor => bind('sin', {}, x)

/** Between ½ and 2½. */
export const positive = (x: Tensor): Tensor => add(calm(x), number(1.5))

/** x divided by a number, so that a sum of that many is a mean. */
export const over = (x: Tensor, count: number): Tensor => mul(x, number(1 / Math.max(1, count)))

/** Both factors of a number that is the product of two, as near to one another as they come. */
const factors = (n: number): readonly [number, number] => {
  const least = Array.from({ length: Math.floor(Math.sqrt(n)) }, (_, index) => index + 1).filter((k) => n % k === 0).at(-1) ?? 1
  return [least, n / least]
}

/** The elements of a tensor as an image of one channel, or of two channels or images where they can be halved. */
export const image = (x: Tensor, { below }: Draw): Tensor => {
  const size = sizeOf(x.shape)
  const kind = size % 2 === 0 ? below(3) : 0
  const [height, width] = factors(kind === 0 ? size : size / 2)
  return reshape(x, [kind === 2 ? 2 : 1, kind === 1 ? 2 : 1, height, width])
}
