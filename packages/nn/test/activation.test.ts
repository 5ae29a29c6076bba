import { describe, expect, test } from 'vitest'
import { evaluate } from '@tabula/tensor/reference'
import { constant, floats, graphOf, hostValue, ShapeError, tensorsOf } from '@tabula/tensor'
import type { Shape, Tensor } from '@tabula/tensor'
import { vjp } from '@tabula/autodiff'
import { either as E } from 'fp-ts'
import { interpolate, logSigmoid, relu6, softplus } from '../src/index.js'

type Real = Tensor<Shape, 'f32'>

const of = (data: readonly number[], shape: readonly number[] = [data.length]): Real => constant(hostValue('f32', shape, Float64Array.from(data)))

const valuesOf = (...tensors: readonly Tensor[]): readonly (readonly number[])[] => {
  const ran = evaluate(graphOf([], tensorsOf(tensors)), [])
  if (E.isLeft(ran)) throw new Error(ran.left.message)
  return ran.right.map(({ data }) => Array.from(data, Number))
}

const withDerivative = (f: (x: Real) => Real, data: readonly number[]) => {
  const { value, pullback } = vjp(({ x }: { readonly x: Real }) => f(x))({ x: of(data) })
  return valuesOf(value, pullback(constant(floats([data.length], data.map(() => 1)))).x)
}

describe('where functions have a threshold (recorded from PyTorch 1.13)', () => {
  test('softplus is x itself above 20', () => {
    const [values, slopes] = withDerivative(softplus, [20, 21, 1000])
    expect(values).toEqual([20.000000002061153, 21, 1000])
    expect(slopes).toEqual([expect.closeTo(0.9999999979388464, 15), 1, 1])
  })
  test('logSigmoid has none', () => {
    expect(withDerivative(logSigmoid, [-21, 21])[0]?.[1]).toBeCloseTo(-7.582560425037146e-10, 20)
  })
  test('relu6 passes NaN on', () => {
    expect(withDerivative(relu6, [NaN, 6, 7, -1])).toEqual([[NaN, 6, 6, 0], [expect.anything(), 0, 0, 0]])
  })
})

describe('interpolation with antialias (recorded from PyTorch 1.13)', () => {
  const x = of([0, 1, 2, 3, 4, 5, -3, 7, 8, 9, 10, 11], [1, 1, 3, 4])
  test.each([
    { size: [2, 3] as const, wanted: [1.8, 1.3125, 3.1875, 6.8, 6.3125, 8.1875] },
    { size: [1, 5] as const, wanted: [4, 4.7, 3.571428571428572, 3.6, 7] }
  ])('to $size', ({ size, wanted }) => {
    const [found = []] = valuesOf(interpolate({ mode: 'bilinear', antialias: true, size })(x))
    found.forEach((value, k) => expect(value).toBeCloseTo(wanted[k] ?? NaN, 12))
    expect(found).toHaveLength(wanted.length)
  })
  test('does not go together with aligned corners', () => {
    expect(() => interpolate({ mode: 'bilinear', antialias: true, alignCorners: true, size: 2 })(x)).toThrow(ShapeError)
  })
})
