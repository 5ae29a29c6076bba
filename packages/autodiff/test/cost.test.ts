import { describe, expect, test } from 'vitest'
import { bind, total } from '@tabula/tensor'
import type { Shape, Tensor } from '@tabula/tensor'
import { grad } from '../src/index.js'
import { countNodes, generated } from './support/run.js'

type Matrix = Tensor<Shape, 'f32'>
const apply = (primitive: 'matmul' | 'add' | 'mul', a: Tensor, b: Tensor): Matrix => bind(primitive, {}, a, b) as Matrix
const value = (index: number): number => Math.sin(index)

describe('the program of a gradient', () => {
  test('matmul: two products', () => {
    const gradient = grad((p: { readonly a: Matrix; readonly b: Matrix }) => total(apply('matmul', p.a, p.b)))({
      a: generated([4, 3], value),
      b: generated([3, 5], value)
    })
    expect(countNodes(gradient)).toEqual({ constant: 3, broadcastTo: 1, transpose: 2, matmul: 2 })
  })

  test('matmul by weights without batch axes: no per-batch products', () => {
    const gradient = grad((w: Matrix) => total(apply('matmul', generated([7, 4, 3], value), w)))(generated([3, 5], value))
    expect(countNodes(gradient)).toEqual({ constant: 2, broadcastTo: 1, reshape: 2, transpose: 1, matmul: 1 })
  })

  test('conv2d: one input gradient and one weight gradient', () => {
    const attributes = {
      stride: [1, 1],
      padding: [
        [1, 1],
        [1, 1]
      ],
      dilation: [1, 1],
      groups: 1
    } as const
    const convolve = (x: Matrix, w: Matrix): Matrix => bind('conv2d', attributes, x, w) as Matrix
    const [x, w] = [generated([1, 2, 5, 5], value), generated([3, 2, 3, 3], value)]
    const both = grad((p: { readonly x: Matrix; readonly w: Matrix }) => total(convolve(p.x, p.w)))({ x, w })
    expect(countNodes(both)).toEqual({ constant: 3, broadcastTo: 1, conv2dInputGradient: 1, conv2dWeightGradient: 1 })
    const weights = grad((p: Matrix) => total(convolve(x, p)))(w)
    expect(countNodes(weights)).toEqual({ constant: 2, broadcastTo: 1, conv2dWeightGradient: 1 })
  })

  test('a bias: one sum, no reshape', () => {
    const x = generated([4, 3], value)
    const bias = grad((b: Matrix) => total(apply('mul', apply('add', x, b), x)))(generated([3], value))
    expect(countNodes(bias)).toEqual({ constant: 2, broadcastTo: 1, mul: 1, reduceSum: 1 })
  })

  test('a chain of n elementwise operations: n cosines, n products', () => {
    const f =
      (length: number) =>
      (x: Matrix): Matrix => {
        let y = x
        for (let step = 0; step < length; step++) y = bind('sin', {}, y) as Matrix
        return total(y)
      }
    for (const length of [1, 10, 100]) {
      expect(countNodes(grad(f(length))(generated([3], value)))).toEqual({
        constant: 2,
        broadcastTo: 1,
        ...(length > 1 ? { sin: length - 1 } : {}),
        cos: length,
        mul: length
      })
    }
  })

  test('relu and sigmoid read their outputs', () => {
    const relu = grad((x: Matrix) => total(bind('relu', {}, x) as Matrix))(generated([3], value))
    expect(countNodes(relu)).toEqual({ constant: 3, broadcastTo: 1, relu: 1, lessEqual: 1, not: 1, stopGradient: 1, cast: 1, mul: 1 })
    const sigmoid = grad((x: Matrix) => total(bind('sigmoid', {}, x) as Matrix))(generated([3], value))
    expect(countNodes(sigmoid)).toEqual({ constant: 3, broadcastTo: 1, sigmoid: 1, sub: 1, mul: 2 })
  })
})
