import { describe, expect, test } from 'vitest'
import { bind, placeholder, topologicalOrder, total } from '@tabula/tensor'
import type { Shape, Tensor } from '@tabula/tensor'
import { checkpoint, customVjp, grad, valueAndGrad, vjp } from '../src/index.js'
import { countNodes, numbers, tensor } from './support/run.js'

type Vector = Tensor<Shape, 'f32'>
const product = (a: Tensor, b: Tensor): Vector => bind('mul', {}, a, b) as Vector
const sine = (x: Tensor): Vector => bind('sin', {}, x) as Vector

describe('customVjp', () => {
  /** x with gradients limited to ±1. */
  const limited = customVjp((x: Vector) => x, {
    name: 'limited',
    vjp: (_operands, _result, cotangent) => [
      bind('maximum', {}, bind('minimum', {}, cotangent, tensor([], [1])), tensor([], [-1]))
    ]
  })

  test('the rule replaces the derivative', () => {
    expect(numbers(grad((x: Vector) => total(product(limited(x), tensor([3], [5, -5, 0.5]))))(tensor([3], [1, 2, 3])))).toEqual([
      1, -1, 0.5
    ])
  })

  test('several operands and results; undefined is zero', () => {
    const f = customVjp((a: Vector, b: Vector) => ({ sum: bind('add', {}, a, b) as Vector, product: product(a, b) }), {
      name: 'f',
      vjp: ([a], result, cotangents) => [
        undefined,
        bind('add', {}, product(cotangents.sum, a), product(cotangents.product, result.sum))
      ]
    })
    const g = ({ a, b }: { readonly a: Vector; readonly b: Vector }): Vector => total(f(a, b).product)
    const gradient = grad(g)({ a: tensor([], [3]), b: tensor([], [4]) })
    expect([numbers(gradient.a), numbers(gradient.b)]).toEqual([[0], [7]])
    const { pullback } = vjp((b: Vector) => f(tensor([], [3]), b))(tensor([], [4]))
    expect(numbers(pullback({ sum: tensor([], [10]), product: null }))).toEqual([30])
  })

  test('the second derivative is that of the rule', () => {
    const f = customVjp((x: Vector) => sine(x), { name: 'f', vjp: ([x], _y, c) => [product(c, product(x, product(x, x)))] })
    expect(numbers(grad(grad((x: Vector) => f(x)))(tensor([], [2])))).toEqual([12])
  })

  test('operands and cotangents may be trees; null is zero', () => {
    type Layer = { readonly w: Vector; readonly more: readonly [Vector] }
    const f = customVjp((x: Vector, p: Layer) => product(x, product(p.w, p.more[0])), {
      name: 'f',
      vjp: ([x, p], _y, c) => [product(c, p.w), { w: product(c, x), more: [null] as const }]
    })
    const { a, p } = grad((q: { readonly a: Vector; readonly p: Layer }) => f(q.a, q.p))({ a: tensor([], [2]), p: { w: tensor([], [3]), more: [tensor([], [5])] } })
    expect([numbers(a), numbers(p.w), numbers(p.more[0]), p.more[0].shape, p.more[0].dtype]).toEqual([[3], [2], [0], [], 'f32'])
    const constant = customVjp((x: Vector, q: Layer) => product(x, q.w), { name: 'g', vjp: ([, q], _y, c) => [product(c, q.w), undefined] })
    expect(numbers(grad((q: Layer) => constant(tensor([], [2]), q))({ w: tensor([], [3]), more: [tensor([], [5])] }).w)).toEqual([0])
  })

  test('answers for a tree that do not fit name the operand and the leaf', () => {
    const wrong = (answer: unknown) =>
      customVjp((p: { readonly w: Vector }) => p.w, { name: 'wrong', vjp: () => [answer as { readonly w: Vector }] })
    const p = { w: tensor([2], [1, 2]) }
    const attempt = (answer: unknown) => () => grad((q: typeof p) => total(wrong(answer)(q)))(p)
    const short = customVjp((x: Vector, q: Vector) => product(x, q), { name: 'short', vjp: (() => [undefined]) as unknown as () => [undefined, undefined] })
    expect(() => grad((q: Vector) => short(q, q))(tensor([], [1]))).toThrow('short: vjp: expected one cotangent for each of 2 operands, found 1')
    expect(attempt({ v: p.w })).toThrow('wrong: vjp, operand 0: cotangents: expected a record of w, found a record of v')
    expect(attempt({ w: tensor([], [1]) })).toThrow('wrong: vjp, operand 0: cotangents.w: expected [2], found []')
  })

  test('answers that do not fit are errors under the call’s name', () => {
    const wrong = (answer: Tensor) => customVjp((x: Vector) => x, { name: 'wrong', vjp: () => [answer] })
    const x = tensor([2], [1, 2])
    expect(() => grad((p: Vector) => total(wrong(tensor([], [1]))(p)))(x)).toThrow(
      'wrong: vjp, cotangent of operand 0: expected [2], found []'
    )
    expect(() => grad((p: Vector) => total(wrong(bind('cast', { dtype: 'i32' }, x))(p)))(x)).toThrow(
      'wrong: vjp, cotangent of operand 0: expected f32, found i32'
    )
  })

  test('a captured placeholder is refused', () => {
    const outer = placeholder('outer', { shape: [], dtype: 'f32' })
    expect(() => customVjp((x: Vector) => product(x, outer), { name: 'f', vjp: () => [undefined] })(tensor([], [1]))).toThrow(
      ReferenceError
    )
  })
})

describe('checkpoint', () => {
  const block = (x: Vector, w: Vector): Vector => sine(product(sine(product(sine(x), w)), w))
  const arguments_ = { x: tensor([2], [0.3, 0.7]), w: tensor([2], [1.1, -0.4]) }
  type Arguments = typeof arguments_

  test('changes neither the value nor the derivatives of first and second order', () => {
    const plain = ({ x, w }: Arguments): Vector => total(block(x, w))
    const remade = ({ x, w }: Arguments): Vector => total(checkpoint(block)(x, w))
    const twice =
      (f: (p: Arguments) => Vector) =>
      (p: Arguments): Vector => {
        const { x, w } = grad(f)(p)
        return total(product(x, product(w, w)))
      }
    for (const [a, b] of [
      [plain, remade],
      [twice(plain), twice(remade)]
    ] as const) {
      const [expected, found] = [valueAndGrad(a)(arguments_), valueAndGrad(b)(arguments_)]
      expect(numbers(found.value)).toEqual(numbers(expected.value))
      expect(numbers(found.gradient.x)).toEqual(numbers(expected.gradient.x))
      expect(numbers(found.gradient.w)).toEqual(numbers(expected.gradient.w))
    }
  })

  test('the backward pass reads only the operands, behind a barrier that waits for the cotangent', () => {
    const x = tensor([2], [1, 2])
    const { value, gradient } = valueAndGrad((p: Vector) =>
      total(product(checkpoint((q: Vector) => sine(sine(q)))(p), tensor([2], [3, 4])))
    )(x)
    expect(countNodes(value)).toMatchObject({ call: 1 })
    const backward = countNodes(gradient)
    expect(backward).toMatchObject({ barrier: 1, sin: 1, cos: 2 })
    expect(backward['call']).toBeUndefined()
    const barrier = topologicalOrder([gradient]).find(({ primitive }) => primitive === 'barrier')
    expect(barrier?.inputs.map(({ node }) => node.primitive)).toEqual(['constant', 'mul'])
  })

  test('tensors that the function captures are differentiated too', () => {
    const f = (p: { readonly x: Vector; readonly w: Vector }): Vector => {
      const scaled = product(p.w, tensor([], [2]))
      return total(checkpoint((x: Vector) => sine(product(x, scaled)))(p.x))
    }
    const { x, w } = grad(f)({ x: tensor([], [0.5]), w: tensor([], [0.7]) })
    expect(numbers(x)[0]).toBeCloseTo(Math.cos(0.7) * 1.4, 14)
    expect(numbers(w)[0]).toBeCloseTo(Math.cos(0.7) * 1, 14)
  })

  test('a captured tensor may itself be a result', () => {
    const f = (p: { readonly x: Vector; readonly w: Vector }): Vector => {
      const [y, w] = checkpoint((x: Vector) => [sine(x), p.w] as const)(p.x)
      return total(product(y, w))
    }
    const { x, w } = grad(f)({ x: tensor([], [0.5]), w: tensor([], [0.7]) })
    expect(numbers(x)[0]).toBeCloseTo(Math.cos(0.5) * 0.7, 14)
    expect(numbers(w)[0]).toBeCloseTo(Math.sin(0.5), 14)
  })

  test('blocks nest', () => {
    const inner = checkpoint((x: Vector) => sine(x))
    const outer = checkpoint((x: Vector) => inner(product(inner(x), x)))
    const plain = (x: Vector): Vector => sine(product(sine(x), x))
    const x = tensor([], [0.8])
    expect(numbers(grad((p: Vector) => outer(p))(x))[0]).toBeCloseTo(numbers(grad(plain)(x))[0] ?? NaN, 14)
  })
})

test('cost stays linear through many calls and checkpoints', () => {
  const step = checkpoint((x: Vector) => sine(sine(x)))
  const chain =
    (length: number) =>
    (x: Vector): Vector => {
      let y = x
      for (let index = 0; index < length; index++) y = step(y)
      return y
    }
  const size = (length: number): number => Object.values(countNodes(grad(chain(length))(tensor([], [1])))).reduce((a, b) => a + b)
  const [short, long] = [size(100), size(2000)]
  expect(long).toBeLessThan(short * 21)
})
