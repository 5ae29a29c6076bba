import { describe, expect, test } from 'vitest'
import { bind } from '@tabula/tensor'
import type { Shape, Tensor } from '@tabula/tensor'
import { grad, jvp } from '../src/index.js'
import { numbers, tensor } from './support/run.js'

type Real = Tensor<Shape, 'f32'>
const power = (a: Tensor, b: Tensor): Real => bind('pow', {}, a, b) as Real

/** a, b, a^b, and the derivatives in a and in b that PyTorch 1.13 answers in float64. */
const recorded: readonly (readonly [number, number, number, number, number])[] = [
  [0, 0, 1, 0, 0],
  [-0, 0, 1, 0, 0],
  [0, 1, 0, 1, 0],
  [0, 2, 0, 0, 0],
  [0, 0.5, 0, Infinity, 0],
  [0, -1, Infinity, -Infinity, -Infinity],
  [-1, 2, 1, -2, NaN],
  [-2, 3, -8, 12, NaN],
  [-1, 0.5, NaN, NaN, NaN],
  [Infinity, 2, Infinity, Infinity, Infinity],
  [Infinity, 0, 1, 0, Infinity],
  [2, 0, 1, 0, Math.LN2],
  [1, NaN, 1, NaN, 0],
  [1, Infinity, 1, Infinity, 0],
  [0, Infinity, 0, NaN, 0]
]

describe('a power at zeros, infinities, NaN and negative bases, as PyTorch', () => {
  test.each(recorded)('%f to the power %f', (a, b, value, inBase, inExponent) => {
    const at = { a: tensor([], [a]), b: tensor([], [b]) }
    expect(numbers(power(at.a, at.b))).toEqual([value])
    const gradient = grad((p: typeof at) => power(p.a, p.b))(at)
    const zeroOf = (x: readonly number[]): readonly number[] => x.map((y) => y + 0)
    expect([...zeroOf(numbers(gradient.a)), ...zeroOf(numbers(gradient.b))]).toEqual([inBase, inExponent])
    // Forward mode agrees.
    const one = tensor([], [1])
    expect(zeroOf(numbers(jvp((p: typeof at) => power(p.a, p.b), at, { a: one, b: null }).tangent as Tensor))).toEqual([inBase])
    expect(zeroOf(numbers(jvp((p: typeof at) => power(p.a, p.b), at, { a: null, b: one }).tangent as Tensor))).toEqual([inExponent])
  })
})
