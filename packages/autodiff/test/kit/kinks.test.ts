import { describe, expect, test } from 'vitest'
import { bind, floats, hostValue } from '@tabula/tensor'
import type { Tensor } from '@tabula/tensor'
import { customVjp } from '../../src/index.js'
import { checkGradients } from '../../src/testing/index.js'

const number = (x: number): Tensor => bind('constant', { value: hostValue('f32', [], Float64Array.of(x)) })
const mul = (a: Tensor, b: Tensor): Tensor => bind('mul', {}, a, b)
const add = (a: Tensor, b: Tensor): Tensor => bind('add', {}, a, b)
const relu = (x: Tensor): Tensor => bind('relu', {}, x)
const total = (x: Tensor): Tensor => bind('reduceSum', { axes: x.shape.map((_, axis) => axis), keepDimensions: false }, x)
const wrongSine = customVjp((x: Tensor) => bind('sin', {}, x), { name: 'sine', vjp: ([x], _y, c) => [bind('neg', {}, mul(c, bind('cos', {}, x)))] })

/** Where a check found kinks at order 1; throws what it says if it failed. */
const kinksOf = (f: (x: Tensor) => unknown, x: readonly number[], orders = 1): readonly number[] => {
  const outcome = checkGradients(({ x: value }) => f(value), { at: { x: hostValue('f32', [x.length], Float64Array.from(x)) }, orders })
  if (outcome._tag === 'Left') throw new Error(outcome.left.message)
  expect(outcome.right.comparisons).toBeGreaterThan(0)
  return outcome.right.kinks.filter(({ order }) => order === 1).map(({ element }) => element)
}

describe('points without a derivative are reported, and no failure', () => {
  test.each<{ readonly name: string; readonly f: (x: Tensor) => Tensor; readonly x: readonly number[]; readonly kinks: readonly number[] }>([
    { name: 'relu at zero', f: relu, x: [0, 1, -1], kinks: [0] },
    { name: 'the sum of relu, all at zero', f: (x) => total(relu(x)), x: [0, 0, 0], kinks: [0, 1, 2] },
    { name: 'abs at negative zero', f: (x) => bind('abs', {}, x), x: [2, -0], kinks: [1] },
    { name: 'a maximum of ties', f: (x) => bind('reduceMax', { axes: [0], keepDimensions: false }, x), x: [3, 1, 3], kinks: [0, 2] },
    { name: 'a maximum with a number', f: (x) => bind('maximum', {}, x, number(0.5)), x: [0.5, 0.6], kinks: [0] },
    { name: 'floor at whole numbers, where it jumps', f: (x) => bind('floor', {}, x), x: [2, 2.5], kinks: [0] },
    { name: 'sqrt at zero, the border of where it is defined', f: (x) => bind('sqrt', {}, x), x: [4, 0], kinks: [1] },
    { name: 'the cube root of a square, which has a cusp', f: (x) => bind('pow', {}, mul(x, x), number(1 / 3)), x: [0, 1], kinks: [0] },
    { name: 'the largest two of ties', f: (x) => bind('topK', { k: 2 }, x), x: [1, 2, 2, 0.5], kinks: [] },
    { name: 'a kink in a loss of other terms', f: (x) => add(total(relu(x)), total(mul(x, x))), x: [0, 1], kinks: [0] }
  ])('$name', ({ f, x, kinks }) => {
    for (const orders of [1, 2]) {
      const found = kinksOf(f, x, orders)
      if (kinks.length > 0) expect(found).toEqual(kinks)
    }
  })

  test('each with the slopes of both sides', () => {
    const outcome = checkGradients(({ x }) => bind('abs', {}, x), { at: { x: floats([1], [0]) } })
    expect(outcome).toMatchObject({ _tag: 'Right', right: { kinks: [{ order: 1, path: 'x', element: 0 }] } })
    const [kink] = outcome._tag === 'Right' ? outcome.right.kinks : []
    expect(kink?.left).toBeCloseTo(-1, 6)
    expect(kink?.right).toBeCloseTo(1, 6)
  })

  test('however near they are', () => {
    for (const distance of [1e-2, 1e-3, 1e-4, 1e-5, 1e-6, 1e-9]) {
      for (const side of [-1, 1]) kinksOf((x) => relu(x), [side * distance, 1], 2)
    }
  })

  test('nor a seam: pieces that fit together, of which the derivative at the point is a convention', () => {
    expect(kinksOf((x) => add(relu(x), bind('neg', {}, relu(bind('neg', {}, x)))), [0, 0.5])).toEqual([])
    expect(kinksOf((x) => bind('select', {}, bind('less', {}, x, number(0)), x, mul(x, add(x, number(1)))), [0, 0.5])).toEqual([])
  })
})

describe('a kink hides no wrong derivative', () => {
  test.each([
    { name: 'of another coordinate', f: (x: Tensor) => total(add(relu(x), wrongSine(x))), x: [0, 1] },
    { name: 'of the same coordinate', f: (x: Tensor) => add(relu(x), wrongSine(x)), x: [0] },
    { name: 'at a point of nothing but kinks', f: (x: Tensor) => total(mul(relu(x), wrongSine(x))), x: [0, 0, 0] },
    { name: 'behind a seam', f: (x: Tensor) => add(wrongSine(x), add(relu(x), bind('neg', {}, relu(bind('neg', {}, x))))), x: [0] },
    { name: 'of the function that has the kink', f: (x: Tensor) => customVjp((y: Tensor) => relu(y), { name: 'mine', vjp: ([y], _z, c) => [mul(c, bind('cast', { dtype: 'f32' }, bind('less', {}, y, number(0))))] })(x), x: [0] }
  ])('$name', ({ f, x }) => {
    expect(checkGradients(({ x: value }) => f(value), { at: { x: floats([x.length], x) } })).toMatchObject({ _tag: 'Left', left: { _tag: 'GradientMismatch' } })
  })

  test('a derivative that is NaN where the function is smooth is wrong: sin(x)/x, chosen to be 1 at 0', () => {
    const sinc = (x: Tensor): Tensor => bind('select', {}, bind('equal', {}, x, number(0)), number(1), bind('div', {}, bind('sin', {}, x), x))
    const found = checkGradients(({ x }) => sinc(x), { at: { x: floats([2], [0, 1]) } })
    expect(found).toMatchObject({ _tag: 'Left', left: { order: 1, found: NaN } })
    const safe = (x: Tensor): Tensor => {
      const isZero = bind('equal', {}, x, number(0))
      const y = bind('select', {}, isZero, number(1), x)
      return bind('select', {}, isZero, number(1), bind('div', {}, bind('sin', {}, y), y))
    }
    expect(kinksOf(safe, [0, 1])).toEqual([])
  })
})

describe('numbers of every size', () => {
  const smooth = (x: Tensor): readonly Tensor[] => [bind('sin', {}, x), mul(x, bind('tanh', {}, x))]
  test.each([
    { name: 'large', x: [1e6, -3e8] },
    { name: 'small', x: [1e-8, -1e-20] },
    { name: 'subnormal', x: [1e-310, -4e-320] },
    { name: 'of very different size', x: [1e6, 1e-6, 1] },
    { name: 'zero', x: [0, -0] }
  ])('$name', ({ x }) => {
    expect(kinksOf((value) => smooth(value), x, 2)).toEqual([])
    expect(checkGradients(({ x: value }) => [wrongSine(value)], { at: { x: hostValue('f32', [x.length], Float64Array.from(x)) } })).toMatchObject({ _tag: 'Left' })
  })

  test('a wrong derivative of a function with tiny results is no rounding', () => {
    expect(checkGradients(({ x }) => mul(wrongSine(x), number(1e-25)), { at: { x: floats([2], [1, 2]) } })).toMatchObject({ _tag: 'Left' })
    expect(kinksOf((x) => mul(bind('sin', {}, x), number(1e-25)), [1, 2], 2)).toEqual([])
  })

  test('sums that cancel are no mismatch', () => {
    const centred = (x: Tensor): Tensor => add(x, bind('neg', {}, mul(total(x), number(1 / 3))))
    expect(kinksOf((x) => [total(centred(x)), centred(x)], [1, 2, 4], 2)).toEqual([])
    expect(kinksOf((x) => bind('sub', {}, mul(x, number(1e9)), mul(add(x, number(1e-9)), number(1e9))), [1, 2], 1)).toEqual([])
  })
})
