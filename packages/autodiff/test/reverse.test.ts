import { describe, expect, test } from 'vitest'
import {
  add,
  bind,
  bindAll,
  graphOf,
  mul,
  placeholder,
  sum,
  tensorsOf,
  total,
  topologicalOrder
} from '@tabula/tensor'
import type { Shape, Tensor } from '@tabula/tensor'
import { checkpoint, customVjp, grad, stopGradient, valueAndGrad, valueAndGradWithAux, vjp } from '../src/index.js'
import { countNodes, numbers, tensor } from './support/run.js'

type Vector = Tensor<Shape, 'f32'>
const number = (x: number): Vector => tensor([], [x])
const square = (x: Vector): Tensor<Shape, 'f32'> => bind('mul', {}, x, x) as Vector
const product = (a: Vector, b: Vector): Vector => bind('mul', {}, a, b) as Vector
const plus = (a: Vector, b: Vector): Vector => bind('add', {}, a, b) as Vector

describe('grad over trees', () => {
  const parameters = { layer: { w: tensor([2], [3, 4]), b: tensor([2], [1, 2]) }, list: [tensor([], [5])] as const, absent: null }

  test('keeps the structure; leaves that nothing rests on get zeros', () => {
    const gradient = grad((p: typeof parameters) => total(product(p.layer.w, p.layer.w)))(parameters)
    expect(Object.keys(gradient)).toEqual(['layer', 'list', 'absent'])
    expect(gradient.absent).toBeNull()
    expect(numbers(gradient.layer.w)).toEqual([6, 8])
    expect(numbers(gradient.layer.b)).toEqual([0, 0])
    expect(numbers(gradient.list[0])).toEqual([0])
  })

  test('zeros have the shape and type of the leaf that nothing rests on, also where no leaf is used', () => {
    const unused = { a: tensor([2, 0, 3], []), b: tensor([], [7]), c: { d: tensor([1, 2], [1, 2]) } }
    for (const f of [() => number(5), (p: typeof unused) => total(p.a)]) {
      const gradient = grad<typeof unused, readonly [], Shape>(f)(unused)
      expect([gradient.a, gradient.b, gradient.c.d].map(({ shape, dtype }) => [shape, dtype])).toEqual([[[2, 0, 3], 'f32'], [[], 'f32'], [[1, 2], 'f32']])
      expect([numbers(gradient.a), numbers(gradient.b), numbers(gradient.c.d)]).toEqual([[], [0], [0, 0]])
    }
    const { pullback } = vjp((p: typeof unused) => [p.b] as const)(unused)
    expect(pullback([null]).c.d.shape).toEqual([1, 2])
  })

  test('value, gradient and auxiliary results', () => {
    const { value, gradient, auxiliary } = valueAndGradWithAux((p: typeof parameters) => {
      const y = product(p.layer.w, p.layer.b)
      return [total(y), { y, index: bind('argmax', { axis: 0 }, y) }] as const
    })(parameters)
    expect(numbers(value)).toEqual([11])
    expect(numbers(gradient.layer.w)).toEqual([1, 2])
    expect(numbers(auxiliary.y)).toEqual([3, 8])
    expect(numbers(auxiliary.index)).toEqual([1])
  })

  test('further arguments are constants, also where they are the same tensor', () => {
    const x = tensor([], [3])
    expect(numbers(grad((p: Vector, constant: Vector) => product(p, constant))(x, x))).toEqual([3])
    expect(numbers(grad((p: Vector) => product(p, x))(x))).toEqual([3])
  })

  test('one tensor at two leaves is two variables', () => {
    const x = tensor([], [3])
    const gradient = grad(({ a, b }: { readonly a: Vector; readonly b: Vector }) => product(square(a), b))({ a: x, b: x })
    expect([numbers(gradient.a), numbers(gradient.b)]).toEqual([[18], [9]])
  })

  test('a leaf may be an expression of another leaf', () => {
    const x = tensor([], [3])
    const y = product(x, tensor([], [2]))
    const gradient = grad(([a, b]: readonly [Vector, Vector]) => product(a, b))([x, y])
    expect([numbers(gradient[0]), numbers(gradient[1])]).toEqual([[6], [3]])
  })

  test('leaves may be further outputs of one node', () => {
    const [values] = bindAll('topK', { k: 2 }, tensor([3], [1, 5, 3]))
    if (values === undefined) throw new Error('no values')
    expect(numbers(grad((v: Tensor) => total(square(v as Vector)))(values))).toEqual([10, 6])
  })

  test('nothing of the placeholders remains', () => {
    const x = placeholder('x', { shape: [2], dtype: 'f32' })
    const { value, gradient } = valueAndGrad((p: Vector) => total(square(p)))(x)
    const inputs = topologicalOrder([value, gradient]).filter(({ primitive }) => primitive === 'input')
    expect(inputs).toEqual([x.node])
    expect(
      graphOf([x], [value, gradient])
        .nodes.map(({ primitive }) => primitive)
        .sort()
    ).toEqual(['add', 'broadcastTo', 'constant', 'input', 'mul', 'mul', 'mul', 'reduceSum'].sort())
  })

  test('the value and the gradient share the forward pass', () => {
    const { value, gradient } = valueAndGrad((p: Vector) => total(bind('exp', {}, p) as Vector))(tensor([2], [0, 1]))
    expect(countNodes([value, gradient])['exp']).toBe(1)
  })
})

describe('higher order', () => {
  const cube = (x: Vector): Vector => product(square(x), x)

  test('derivatives of x³', () => {
    const x = tensor([], [2])
    const first = grad(cube)
    const second = grad(first)
    const third = grad(second)
    expect([first, second, third, grad(third)].map((f) => numbers(f(x))[0])).toEqual([12, 12, 6, 0])
  })

  test('perturbations do not mix: d/dx (x · d/dy (x + y))', () => {
    const f = (x: Vector): Vector => product(x, grad((y: Vector) => plus(x, y))(x))
    expect(numbers(grad(f)(tensor([], [7])))).toEqual([1])
  })

  test('a gradient step inside a loss', () => {
    const loss = (w: Vector): Vector => product(square(w), square(w))
    const adapted = (w: Vector): Vector => loss(bind('sub', {}, w, product(grad(loss)(w), tensor([], [0.1]))) as Vector)
    // w' = w − 0.4 w³; d/dw w'⁴ = 4 w'³ (1 − 1.2 w²)
    const w = 0.5
    expect(numbers(grad(adapted)(tensor([], [w])))[0]).toBeCloseTo(4 * (w - 0.4 * w ** 3) ** 3 * (1 - 1.2 * w * w), 12)
  })
})

describe('vjp', () => {
  test('pulls cotangents of a tree back, any number of times; null is zero', () => {
    const { value, pullback } = vjp((x: Vector) => ({ double: plus(x, x), square: square(x) }))(tensor([2], [3, 4]))
    expect(numbers(value.square)).toEqual([9, 16])
    expect(numbers(pullback({ double: tensor([2], [1, 0]), square: tensor([2], [0, 1]) }))).toEqual([2, 8])
    expect(numbers(pullback({ double: null, square: tensor([2], [1, 1]) }))).toEqual([6, 8])
    expect(numbers(pullback({ double: null, square: null }))).toEqual([0, 0])
  })

  test('cotangents may be expressions of the value', () => {
    const { value, pullback } = vjp(square)(tensor([], [3]))
    expect(numbers(pullback(value))).toEqual([54])
  })

  test('the pullback can be differentiated', () => {
    const f = (x: Vector): Vector => {
      const { value, pullback } = vjp(square)(x)
      return pullback(value)
    }
    expect(numbers(grad(f)(tensor([], [3])))).toEqual([54])
  })
})

describe('stopGradient and results without derivative', () => {
  test('nothing flows through stopGradient', () => {
    expect(numbers(grad((x: Vector) => product(x, stopGradient(x)))(tensor([], [3])))).toEqual([3])
  })

  test('over a tree, of integers too: values stay, nothing flows, and the parts outside it still count', () => {
    const f = (p: { readonly w: Vector; readonly b: Vector }): Vector => {
      const fixed = stopGradient({ p, index: [bind('argmax', { axis: 0 }, p.w)] as const })
      expect([numbers(fixed.p.w), numbers(fixed.index[0]), fixed.index[0].dtype]).toEqual([[3, 4], [1], 'i32'])
      return total(product(plus(p.w, fixed.p.b), fixed.p.w))
    }
    // Read as numbers, so called with constants first.
    const p = { w: tensor([2], [3, 4]), b: tensor([2], [1, 2]) }
    f(p)
    const g = (q: typeof p): Vector => {
      const fixed = stopGradient(q)
      return total(product(plus(q.w, fixed.b), fixed.w))
    }
    const gradient = grad(g)(p)
    expect([numbers(gradient.w), numbers(gradient.b)]).toEqual([[3, 4], [0, 0]])
    expect(numbers(grad((q: Vector) => total(grad((r: Vector) => total(product(stopGradient(r), r)))(q)))(p.w))).toEqual([0, 0])
  })

  test('a leaf that is no tensor is refused', () => {
    expect(() => stopGradient({ w: tensor([], [1]), rate: 0.1 })).toThrow('rate: expected a leaf')
  })

  test('nothing flows through comparisons, indices and rounding', () => {
    const f = (x: Vector): Vector => {
      const positive = bind('cast', { dtype: 'f32' }, bind('less', {}, tensor([], [0]), x)) as Vector
      const rounded = bind('round', {}, x) as Vector
      return total(product(plus(positive, rounded), x))
    }
    expect(numbers(grad(f)(tensor([2], [1.4, -2.6])))).toEqual([2, -3])
  })
})

describe('size', () => {
  const chain =
    (length: number) =>
    (x: Vector): Vector => {
      let y = x
      for (let step = 0; step < length; step++) y = bind('sin', {}, y) as Vector
      return total(y)
    }

  test('a chain of 100,000 operations', () => {
    const { gradient } = valueAndGrad(chain(100_000))(tensor([1], [1]))
    const counts = countNodes(gradient)
    expect(counts['cos']).toBe(100_000)
    expect(counts['mul']).toBe(100_000)
  })

  test('derivatives of second order, checkpoints, custom rules and pullbacks of long chains', () => {
    const long = 30_000
    const x = tensor([1], [1])
    const links = (f: (x: Vector) => Vector, length: number) => (y: Vector): Vector => {
      for (let step = 0; step < length; step++) y = f(y)
      return total(y)
    }
    const half = (y: Vector): Vector => bind('mul', {}, y, tensor([1], [0.5])) as Vector
    const twice = (f: (p: Vector) => Vector) => grad((p: Vector) => total(grad(f)(p)))(x)
    expect(countNodes(twice(chain(long)))['sin']).toBeGreaterThanOrEqual(long)
    expect(countNodes(grad((p: Vector) => checkpoint(chain(long))(p))(x))['cos']).toBe(long)
    expect(countNodes(grad((p: Vector) => customVjp(chain(long), { name: 'chain', vjp: ([q], _y, c) => [bind('mul', {}, q, c)] })(p))(x))['cos']).toBeUndefined()
    const { pullback } = vjp(chain(long))(x)
    expect(countNodes(pullback(tensor([], [1])))['cos']).toBe(long)
    // And such a program runs: half of half of …
    expect(numbers(grad(links(half, 1000))(x))[0]).toBe(2 ** -1000)
  })

  test('a chain whose tensors are used twice is linear, not exponential', () => {
    const f = (x: Vector): Vector => {
      let y = x
      for (let step = 0; step < 50; step++) y = plus(y, y)
      return y
    }
    const gradient = grad(f)(tensor([], [1]))
    expect(numbers(gradient)).toEqual([2 ** 50])
    expect(Object.values(countNodes(gradient)).reduce((a, b) => a + b)).toBeLessThan(60)
  })
})

test('sums and public operations', () => {
  expect(numbers(grad((p: Vector) => total(mul(sum({ axes: [0] })(p), 3) as Vector))(tensor([2, 2], [1, 2, 3, 4])))).toEqual([
    3, 3, 3, 3
  ])
  expect(tensorsOf(grad((p: Vector) => total(add(p, 1) as Vector))(tensor([1], [0])))).toHaveLength(1)
})
