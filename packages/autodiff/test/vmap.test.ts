import { describe, expect, test } from 'vitest'
import { bind, bindAll, cond, graphOf, hostValue, matmul, max, placeholder, ShapeError, sum, topologicalOrder, total, TreeError } from '@tabula/tensor'
import type { Shape, Sizes, Tensor } from '@tabula/tensor'
import { checkpoint, customVjp, grad, jvp, stopGradient, valueAndGrad, vjp, vmap } from '../src/index.js'
import { constantOf, stacked } from './support/batches.js'
import { countNodes, generated, numbers, run, tensor } from './support/run.js'

type Vector = Tensor<Shape, 'f32'>
const add = (a: Tensor, b: Tensor): Vector => bind('add', {}, a, b) as Vector
const product = (a: Tensor, b: Tensor): Vector => bind('mul', {}, a, b) as Vector
const sine = (x: Tensor): Vector => bind('sin', {}, x) as Vector
const wave = (shape: Sizes): Vector => generated(shape, (index) => Math.sin(1 + 1.7 * index))
const indices = (shape: Sizes, values: readonly number[]): Tensor<Shape, 'i32'> =>
  constantOf(hostValue('i32', shape, Int32Array.from(values))) as Tensor<Shape, 'i32'>

/** Example `index` of a batch along axis 0. */
const example = (x: Tensor, index: number): Vector => {
  const [, ...shape] = x.shape
  const start = x.shape.map((_, axis) => (axis === 0 ? index : 0))
  const limit = x.shape.map((size, axis) => (axis === 0 ? index + 1 : size))
  return bind('reshape', { shape }, bind('slice', { start, limit, stride: x.shape.map(() => 1) }, x)) as Vector
}

const loop = (size: number, f: (index: number) => Tensor): readonly number[] =>
  numbers(stacked(Array.from({ length: size }, (_, index) => f(index)), 0))

const expectClose = (found: readonly number[], expected: readonly number[]): void => {
  expect(found.length).toBe(expected.length)
  found.forEach((x, index) => expect(x).toBeCloseTo(expected[index] ?? NaN, 12))
}

/** Logistic regression with a hidden layer, of one example. */
interface Parameters {
  readonly w: Vector
  readonly heads: readonly [{ readonly v: Vector }]
}
const parameters: Parameters = { w: wave([4, 3]), heads: [{ v: wave([3]) }] }
const loss = ({ w, heads: [{ v }] }: Parameters, x: Vector): Tensor<readonly [], 'f32'> => {
  const hidden = sine(matmul(bind('reshape', { shape: [1, 4] }, x) as Vector, w))
  return total(product(product(hidden, hidden), v)) as Tensor<readonly [], 'f32'>
}
const batchOf5 = wave([5, 4])

describe('with derivatives', () => {
  test('vmap(grad(f)): the gradient of every example, of the parameters’ structure', () => {
    const { w, heads } = vmap(grad(loss), { inAxes: [null, 0] })(parameters, batchOf5)
    expect([w.shape, heads[0].v.shape]).toEqual([[5, 4, 3], [5, 3]])
    expectClose(numbers(w), loop(5, (index) => grad(loss)(parameters, example(batchOf5, index)).w))
    expectClose(numbers(heads[0].v), loop(5, (index) => grad(loss)(parameters, example(batchOf5, index)).heads[0].v))
  })

  test('grad(vmap(f)): the sum of the gradients of the examples, shared operands included', () => {
    const whole = (p: Parameters): Vector => total(vmap(loss, { inAxes: [null, 0] })(p, batchOf5))
    const each = vmap(grad(loss), { inAxes: [null, 0] })(parameters, batchOf5)
    expectClose(numbers(grad(whole)(parameters).w), numbers(sum({ axes: [0] })(each.w)))
    expectClose(numbers(grad(whole)(parameters).heads[0].v), numbers(sum({ axes: [0] })(each.heads[0].v)))
  })

  test('the gradient of the gradient of a batch', () => {
    const sharpness = (p: Parameters, x: Vector): Tensor<readonly [], 'f32'> => total(product(grad(loss)(p, x).w, wave([4, 3]))) as Tensor<readonly [], 'f32'>
    const found = vmap(grad(sharpness), { inAxes: [null, 0] })(parameters, batchOf5).w
    expectClose(numbers(found), loop(5, (index) => grad(sharpness)(parameters, example(batchOf5, index)).w))
  })

  test('a pullback applied to a batch of cotangents', () => {
    const { pullback } = vjp((x: Vector) => sine(matmul(x, parameters.w)))(wave([2, 4]))
    const cotangents = wave([3, 2, 3])
    const found = vmap((c: Vector) => pullback(c))(cotangents)
    expectClose(numbers(found), loop(3, (index) => pullback(example(cotangents, index))))
  })
})

describe('customVjp', () => {
  /** y = s·x with a gradient of its own: 3 for x, the result for s. */
  const scale = customVjp((s: Vector, x: Vector) => product(s, x), {
    name: 'scale',
    vjp: (_operands, y, c) => [total(product(c, y)), product(c, tensor([], [3]))]
  })

  test('the derivative of the batch is the batch of the rule; shared operands get the sum', () => {
    const s = tensor([], [2])
    const x = wave([4, 3])
    const f = ({ s: factor, x: xs }: { readonly s: Vector; readonly x: Vector }): Vector => total(product(vmap(scale, { inAxes: [null, 0] })(factor, xs), xs))
    const found = grad(f)({ s, x })
    const plain = grad(({ s: factor, x: xs }: { readonly s: Vector; readonly x: Vector }) => total(product(scale(factor, xs), xs)))({ s, x })
    expectClose(numbers(found.s), numbers(plain.s))
    expectClose(numbers(found.x), numbers(plain.x))
  })

  test('vmap(grad(f)), nested batches, and constant answers', () => {
    const x = wave([2, 3, 4])
    const g = (y: Vector): Vector => total(scale(tensor([], [2]), y))
    expectClose(numbers(vmap(vmap(grad(g)))(x)), new Array<number>(24).fill(3))
    const constant = customVjp((a: Vector, b: Vector) => add(a, b), { name: 'constant', vjp: () => [tensor([], [5]), tensor([], [7])] })
    const f = ({ a, b }: { readonly a: Vector; readonly b: Vector }): Vector => total(vmap(constant, { inAxes: [null, 0] })(a, b))
    const gradient = grad(f)({ a: tensor([], [1]), b: wave([3]) })
    expect([numbers(gradient.a), numbers(gradient.b)]).toEqual([[15], [7, 7, 7]])
  })

  test('forward mode through the batched rule, zeros of shared operands included', () => {
    const first = customVjp((x: Vector, _ignored: Vector) => sine(x), { name: 'first', vjp: ([x], _y, c) => [product(c, bind('cos', {}, x)), tensor([], [0])] })
    const whole = (x: Vector): Vector => vmap(first, { inAxes: [0, null] })(x, tensor([], [2]))
    const { tangent } = jvp(whole, wave([3]), tensor([3], [1, 1, 1]))
    expectClose(numbers(tangent), numbers(bind('cos', {}, wave([3]))))
  })

  test('a result that no mapped operand has a part in', () => {
    const two = customVjp((a: Vector, b: Vector) => [sine(a), sine(b)] as const, { name: 'two', vjp: ([a, b], _y, [c, d]) => [product(c, b), product(d, a)] })
    const objective = (f: (a: Vector, b: Vector) => readonly [Vector, Vector]) => ({ a, b }: { readonly a: Vector; readonly b: Vector }): Vector => {
      const [y, z] = f(a, b)
      return total(product(add(y, z), wave([3])))
    }
    const at = { a: tensor([], [0.3]), b: wave([3]) }
    const one = grad(objective((a, b) => vmap(two, { inAxes: [null, 0] })(a, b)))(at)
    const unrolled = grad(
      objective((a, b) => {
        const each = [0, 1, 2].map((index) => two(a, example(b, index)))
        return [stacked(each.map(([y]) => y), 0) as Vector, stacked(each.map(([, z]) => z), 0) as Vector]
      })
    )(at)
    expectClose(numbers(one.a), numbers(unrolled.a))
    expectClose(numbers(one.b), numbers(unrolled.b))
  })
})

test('checkpoint: the same gradients, and still computed again', () => {
  const block = (x: Vector): Vector => sine(sine(x))
  const plain = (x: Vector): Vector => total(block(block(x)))
  const remade = (x: Vector): Vector => total(checkpoint(block)(checkpoint(block)(x)))
  const x = wave([3, 2])
  expectClose(numbers(vmap(grad(remade))(x)), numbers(vmap(grad(plain))(x)))
  const whole = grad((p: Vector) => total(vmap(remade)(p)))(x)
  expectClose(numbers(whole), numbers(vmap(grad(plain))(x)))
  expect(countNodes(whole)['barrier']).toBe(2)
})

describe('cond', () => {
  const branches = [(x: Vector) => sine(x), (x: Vector) => product(x, x), () => tensor([2], [1, 1])] as const
  const f = (index: Tensor<Shape, 'i32'>, x: Vector): Vector => cond(index, branches, x)
  const x = wave([5, 2])

  test('an index for each example selects, out of range as well', () => {
    const index = indices([5], [-3, 0, 1, 2, 9])
    const found = vmap(f)(index, x)
    expectClose(numbers(found), loop(5, (k) => f(indices([], [Math.min(Math.max([-3, 0, 1, 2, 9][k] ?? 0, 0), 2)]), example(x, k))))
    expect(countNodes(found)['cond']).toBeUndefined()
    const g = grad((p: Vector) => total(vmap(f)(index, p)))(x)
    expectClose(numbers(g), loop(5, (k) => grad((p: Vector) => total(f(indices([], [[-3, 0, 1, 2, 9][k] ?? 0]), p)))(example(x, k))))
  })

  test('one index for all stays a conditional', () => {
    for (const index of [0, 1, 2]) {
      const found = vmap(f, { inAxes: [null, 0] })(indices([], [index]), x)
      expect(countNodes(found)['cond']).toBe(1)
      expectClose(numbers(found), loop(5, (k) => f(indices([], [index]), example(x, k))))
    }
  })
})

describe('trees and axes', () => {
  test('nested records and arrays, an axis for each, results of any structure', () => {
    const f = (p: { readonly a: Vector; readonly b: readonly [Vector, null] }, s: Vector) => ({ sum: add(p.a, p.b[0]), s, own: p.a })
    const [a, b, s] = [wave([2, 3]), wave([3, 2]), wave([2])]
    const result = vmap(f, { inAxes: [{ a: 1, b: 0 }, null], outAxes: { sum: -1, s: null, own: 0 } })({ a, b: [b, null] }, s)
    expect([result.sum.shape, result.s.shape, result.own.shape]).toEqual([[2, 3], [2], [3, 2]])
    expectClose(numbers(result.sum), [0, 1].flatMap((i) => [0, 1, 2].map((k) => (numbers(a)[i * 3 + k] ?? 0) + (numbers(b)[k * 2 + i] ?? 0))))
    expectClose(numbers(result.s), numbers(s))
  })

  test('what is not mapped is computed once, and repeated where it is a result', () => {
    const shared = wave([3])
    const result = vmap((x: Vector) => [add(x, sine(shared)), sine(shared)] as const)(wave([4, 3]))
    expect(result.map(({ shape }) => shape)).toEqual([[4, 3], [4, 3]])
    const node = topologicalOrder(result).find(({ primitive }) => primitive === 'sin')
    expect(node?.outputs[0]?.shape).toEqual([3])
    expectClose(numbers(result[1]), loop(4, () => sine(shared)))
  })

  test('an argument without axis may be anything', () => {
    const f = (x: Vector, { power, name }: { readonly power: number; readonly name: string }): Vector => (name === 'x' && power === 2 ? product(x, x) : x)
    expectClose(numbers(vmap(f, { inAxes: [0, null] })(wave([3]), { power: 2, name: 'x' })), numbers(product(wave([3]), wave([3]))))
  })

  test('axisSize where nothing is mapped', () => {
    expect(vmap((x: Vector) => sine(x), { inAxes: [null], axisSize: 4 })(wave([2])).shape).toEqual([4, 2])
  })

  test('no examples: empty results, zero gradients', () => {
    const empty = tensor([0, 4], [])
    const losses = vmap(loss, { inAxes: [null, 0] })(parameters, empty)
    expect([losses.shape, run(losses)[0]?.data.length]).toEqual([[0], 0])
    const gradient = grad((p: Parameters) => total(vmap(loss, { inAxes: [null, 0] })(p, empty)))(parameters)
    expect(numbers(gradient.w)).toEqual(new Array<number>(12).fill(0))
    expect(vmap(grad(loss), { inAxes: [null, 0] })(parameters, empty).w.shape).toEqual([0, 4, 3])
  })

  test('of integers and truth values', () => {
    const x = indices([3, 2], [1, 2, 3, 4, 5, 6])
    expect(numbers(vmap((row: Tensor<Shape, 'i32'>) => bind('less', {}, row, bind('reverse', { axes: [0] }, row)))(x))).toEqual([1, 0, 1, 0, 1, 0])
  })

  test('within a traced function and around one', () => {
    const inner = (x: Vector, y: Vector): Vector => vmap((row: Vector) => total(product(row, y)))(x)
    const [x, y] = [wave([2, 3, 4]), wave([2, 4])]
    expectClose(numbers(vmap(inner)(x, y)), loop(2, (k) => inner(example(x, k), example(y, k))))
    expectClose(numbers(vmap(inner, { inAxes: [1, null], outAxes: 1 })(x, example(y, 0))), numbers(inner(bind('reshape', { shape: [6, 4] }, x) as Vector, example(y, 0))))
  })
})

describe('cost', () => {
  test('one operation for the whole batch, without copies of what is shared', () => {
    const w = wave([4, 3])
    expect(countNodes(vmap((x: Vector) => matmul(x, w))(wave([5, 2, 4])))).toEqual({ constant: 2, matmul: 1 })
    const attributes = { stride: [1, 1], padding: [[1, 1], [1, 1]], dilation: [1, 1], groups: 1 } as const
    const convolve = (x: Vector, k: Vector): Vector => bind('conv2d', attributes, x, k) as Vector
    const counts = countNodes(vmap(convolve, { inAxes: [0, null] })(wave([5, 1, 2, 4, 4]), wave([3, 2, 3, 3])))
    expect(counts).toEqual({ constant: 2, conv2d: 1, reshape: 2 })
    const own = vmap(convolve)(wave([5, 1, 2, 4, 4]), wave([5, 3, 2, 3, 3]))
    expect(countNodes(own)['conv2d']).toBe(1)
    expect(countNodes(own)['transpose']).toBeUndefined()
    const taken = vmap((i: Tensor<Shape, 'i32'>) => bind('gather', { axis: 0, batchDims: 0 }, w, i))(indices([2, 2], [0, 1, 2, 3]))
    expect(countNodes(taken)).toEqual({ constant: 2, gather: 1 })
  })

  test('per-example gradients of a convolution’s weights: one weight gradient in groups', () => {
    const attributes = { stride: [1, 1], padding: [[1, 1], [1, 1]], dilation: [1, 1], groups: 1 } as const
    const f = (k: Vector, x: Vector): Vector => total(sine(bind('conv2d', attributes, x, k)))
    const gradients = vmap(grad(f), { inAxes: [null, 0] })(wave([3, 2, 3, 3]), wave([5, 1, 2, 4, 4]))
    expect(gradients.shape).toEqual([5, 3, 2, 3, 3])
    expect(countNodes(gradients)['conv2dWeightGradient']).toBe(1)
  })

  test('chains of any length, in linear time', () => {
    const chain = (x: Vector): Vector => {
      let y = x
      for (let index = 0; index < 100_000; index++) y = sine(y)
      return y
    }
    expect(topologicalOrder([vmap(chain)(tensor([2], [1, 2]))])).toHaveLength(100_001)
  })
})

describe('what does not fit is refused by name', () => {
  const two = (a: Vector, b: { readonly w: Vector }): Vector => product(a, b.w)

  const messageOf = (attempt: () => unknown): string => {
    try {
      attempt()
    } catch (thrown) {
      if (thrown instanceof ShapeError || thrown instanceof TreeError) return `${thrown.name}: ${thrown.mismatch.operand}: ${thrown.mismatch.expected}; ${thrown.mismatch.found}`
      throw thrown
    }
    return 'nothing'
  }

  test('sizes that disagree', () => {
    expect(messageOf(() => vmap(two)(wave([3]), { w: wave([4]) }))).toBe('ShapeError: arguments.1.w, axis 0: 3 examples, as arguments.0, axis 0; 4')
    expect(messageOf(() => vmap(two, { inAxes: [null, null], axisSize: 1.5 })(wave([3]), { w: wave([3]) }))).toBe('ShapeError: axisSize: a whole number of examples; 1.5')
    expect(messageOf(() => vmap(two, { axisSize: 2 })(wave([3]), { w: wave([3]) }))).toBe('ShapeError: arguments.0, axis 0: 2 examples, as axisSize; 3')
  })

  test('axes that are not there', () => {
    expect(messageOf(() => vmap(two, { inAxes: [0, 2] })(wave([3]), { w: wave([3, 3]) }))).toBe('ShapeError: arguments.1.w: an axis in [-2, 2) for a tensor of shape [3,3]; 2')
    expect(messageOf(() => vmap((x: Vector) => x)(tensor([], [1])))).toBe('ShapeError: arguments.0: a tensor with an axis 0; []')
    expect(messageOf(() => vmap((x: Vector) => x, { inAxes: -3 })(wave([2, 2])))).toBe('ShapeError: arguments.0: an axis in [-2, 2) for a tensor of shape [2,2]; -3')
    expect(messageOf(() => vmap((x: Vector) => [x], { outAxes: 2 })(wave([3, 4])))).toBe('ShapeError: result.0: an axis in [-2, 2) for a tensor of shape [4]; 2')
    expect(messageOf(() => vmap((x: Vector) => x, { inAxes: 0.5 })(wave([3, 4])))).toBe('ShapeError: arguments.0: an axis in [-2, 2) for a tensor of shape [3,4]; 0.5')
  })

  test('axes of another structure', () => {
    expect(messageOf(() => vmap(two, { inAxes: [0] as never })(wave([3]) as never, { w: wave([3]) } as never))).toBe('TreeError: inAxes: an axis, null or an array of 2; an array of 1')
    expect(messageOf(() => vmap(two, { inAxes: [0, { v: 0 }] as never })(wave([3]) as never, { w: wave([3]) } as never))).toBe('TreeError: inAxes.1: an axis, null or a record of w; a record of v')
    expect(messageOf(() => vmap(two, { inAxes: [[0], 0] as never })(wave([3]) as never, { w: wave([3]) } as never))).toBe('TreeError: inAxes.0: an axis or null, as for a tensor; an array of 1')
    expect(messageOf(() => vmap(two, { outAxes: { y: 0 } as never })(wave([3]), { w: wave([3]) }))).toBe('TreeError: outAxes: an axis or null, as for a tensor; a record of y')
  })

  test('leaves that are no tensors', () => {
    expect(messageOf(() => vmap((x: Vector, n: number) => (n === 1 ? x : x))(wave([3]), 1 as never))).toBe('TreeError: arguments.1: a tensor; a number')
    expect(messageOf(() => vmap((x: Vector) => x)(hostValue('f32', [1], Float64Array.of(1)) as never))).toBe('TreeError: arguments.0: a tensor; a host value f32[1]')
    expect(messageOf(() => vmap((x: Vector) => ({ y: x, n: 1 }))(wave([3])))).toBe('TreeError: result.n: a tensor; a number')
  })

  test('nothing mapped, and a result for each example where one for all is asked for', () => {
    expect(messageOf(() => vmap((x: Vector) => x, { inAxes: [null] })(wave([3])))).toBe('TreeError: inAxes: an axis for at least one tensor; none')
    expect(messageOf(() => vmap((x: Vector) => ({ y: x }), { outAxes: { y: null } })(wave([3])))).toBe(
      'ShapeError: result.y: a result that no mapped argument has a part in, as its axis is null; one for each example'
    )
  })
})

test('stopGradient and valueAndGrad under vmap', () => {
  const f = (x: Vector): Vector => total(product(x, stopGradient(x)))
  const { value, gradient } = vmap(valueAndGrad(f))(wave([3, 2]))
  expectClose(numbers(gradient), numbers(wave([3, 2])))
  expectClose(numbers(value), loop(3, (k) => f(example(wave([3, 2]), k))))
  expectClose(numbers(vmap((x: Vector) => max({ axes: [0] })(x))(wave([3, 2]))), loop(3, (k) => max({ axes: [0] })(example(wave([3, 2]), k))))
})

test('a graph that holds a batch is closed', () => {
  const x = placeholder('x', { shape: [3, 2], dtype: 'f32' })
  const [y] = bindAll('neg', {}, vmap((row: Vector) => sine(row))(x))
  expect(() => graphOf([x], y === undefined ? [] : [y])).not.toThrow()
})
