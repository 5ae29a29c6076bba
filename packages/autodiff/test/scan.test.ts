import { describe, expect, test } from 'vitest'
import fc from 'fast-check'
import {
  add,
  allReduce,
  bind,
  bindAll,
  cast,
  constant,
  DerivativeError,
  DtypeError,
  exp,
  graphOf,
  integers,
  joinReplicas,
  less,
  matmul,
  mul,
  placeholder,
  ShapeError,
  simplify,
  sin,
  stopGradient,
  sub,
  subGraphsOf,
  tanh,
  tensorsOf,
  total,
  trace,
  TreeError,
  valueOf
} from '@tabula/tensor'
import type { Graph, Shape, Tensor } from '@tabula/tensor'
import { differenceOf } from '@tabula/tensor/testing'
import { checkpoint, customVjp, grad, hvp, jvp, scan, vjp, vmap } from '../src/index.js'
import type { ScanOptions, SliceOf, StackOf } from '../src/index.js'
import { generated, numbers, run, tensor } from './support/run.js'
import { unrolled } from './support/unrolled.js'

type Real = Tensor<Shape, 'f32'>

/** The loop, or the same written out. */
type Looping = <C, X, Y>(step: (carry: C, slice: SliceOf<X>) => readonly [C, Y], init: C, xs: X, options?: ScanOptions) => readonly [C, StackOf<Y>]

const written: Looping = (step, init, xs, options) => unrolled(step, init, xs, options)

interface Parameters {
  readonly weights: Real
  readonly begin: Real
  readonly xs: Real
}

const shaped = (length: number, seed: number): Parameters => ({
  weights: generated([3, 3], (k) => Math.sin(k * 1.7 + seed) * 0.8),
  begin: generated([2, 3], (k) => Math.cos(k + seed)),
  xs: generated([length, 2, 3], (k) => Math.sin(k * 0.9 - seed))
})

/** A recurrent network with a second carry, whose answers enter the loss too. `scale` is captured by the step. */
const recurrent =
  (looping: Looping, options: ScanOptions, scale: Real) =>
  ({ weights, begin, xs }: Parameters): Tensor<readonly [], 'f32'> => {
    const step = ({ h, s }: { readonly h: Real; readonly s: Real }, x: Real) => {
      const next = tanh(add(matmul(h, weights), mul(x, scale))) as Real
      return [{ h: next, s: add(mul(s, 0.7), mul(h, x)) as Real }, { seen: mul(next, s) as Real, x }] as const
    }
    const [{ h, s }, { seen, x }] = looping(step, { h: begin, s: mul(begin, 0.5) as Real }, xs, options)
    return add(total(mul(h, s)), add(total(mul(sin(seen), 0.3)), total(mul(mul(x, x), seen)))) as Tensor<readonly [], 'f32'>
  }

const scale = tensor([], [0.9])

const expectClose = (found: unknown, expected: unknown, tolerance = 1e-11): void => {
  const [a, b] = [run(found), run(expected)]
  expect(a.length).toBe(b.length)
  b.forEach((value, index) => expect(differenceOf(a[index], value, { absolute: tolerance, relative: tolerance })).toBeUndefined())
}

const loops = fc.record({ length: fc.integer({ min: 1, max: 7 }), reverse: fc.boolean(), seed: fc.nat(1000), checkpointEvery: fc.integer({ min: 1, max: 8 }) })

/** How many nodes there are, those of sub-graphs included. */
const size = (graph: Graph): number => graph.nodes.reduce((count, node) => count + 1 + subGraphsOf(node).reduce((inner, each) => inner + size(each), 0), 0)

const counted = (graph: Graph, primitive: string): number => graph.nodes.filter((node) => node.primitive === primitive).length

describe('scan is the loop written out', () => {
  test('values', () => {
    fc.assert(
      fc.property(loops, ({ length, reverse, seed, checkpointEvery }) => {
        const p = shaped(length, seed)
        expectClose(recurrent(scan, { reverse, checkpointEvery }, scale)(p), recurrent(written, { reverse }, scale)(p))
      }),
      { numRuns: 20, seed: 4 }
    )
  })

  test('gradients of first order', () => {
    fc.assert(
      fc.property(loops, ({ length, reverse, seed, checkpointEvery }) => {
        const p = shaped(length, seed)
        expectClose(grad(recurrent(scan, { reverse, checkpointEvery }, scale))(p), grad(recurrent(written, { reverse }, scale))(p))
      }),
      { numRuns: 20, seed: 5 }
    )
  })

  test('gradients with respect to what the step captures', () => {
    const p = shaped(5, 1)
    const at = (looping: Looping, options: ScanOptions) => grad((captured: Real) => recurrent(looping, options, captured)(p))(scale)
    for (const checkpointEvery of [1, 2, 5]) expectClose(at(scan, { checkpointEvery }), at(written, {}))
  })

  test('gradients of second order, by reverse over reverse and by forward over reverse', () => {
    fc.assert(
      fc.property(loops, ({ length, reverse, seed, checkpointEvery }) => {
        const p = shaped(Math.min(length, 5), seed)
        const norm = (f: (q: Parameters) => Tensor<readonly [], 'f32'>) => (q: Parameters) => {
          const gradient = grad(f)(q)
          return tensorsOf(gradient).reduce((terms, each) => add(terms, total(mul(each as Real, each as Real))), tensor([], [0]) as Tensor) as Tensor<readonly [], 'f32'>
        }
        const [looped, plain] = [recurrent(scan, { reverse, checkpointEvery }, scale), recurrent(written, { reverse }, scale)]
        expectClose(grad(norm(looped))(p), grad(norm(plain))(p), 1e-10)
        expectClose(hvp(looped, p, shaped(Math.min(length, 5), seed + 1)), hvp(plain, p, shaped(Math.min(length, 5), seed + 1)), 1e-10)
      }),
      { numRuns: 6, seed: 6 }
    )
  })

  test('in forward mode, under vmap and in their compositions', () => {
    fc.assert(
      fc.property(loops, ({ length, reverse, seed, checkpointEvery }) => {
        const [p, direction] = [shaped(length, seed), shaped(length, seed + 2)]
        const [looped, plain] = [recurrent(scan, { reverse, checkpointEvery }, scale), recurrent(written, { reverse }, scale)]
        const pushed = (f: typeof looped) => jvp(f, p, direction)
        expectClose(pushed(looped), pushed(plain))
        const many = { ...p, xs: generated([4, length, 2, 3], (k) => Math.cos(k * 0.3 + seed)) }
        const axes = { inAxes: [{ weights: null, begin: null, xs: 0 }] } as const
        const each = (f: typeof looped) => vmap((q: Parameters) => grad(f)(q), axes as never)(many as never)
        expectClose(each(looped), each(plain))
      }),
      { numRuns: 8, seed: 7 }
    )
  })

  test('without steps the carry is what it was, and so are cotangents', () => {
    const [carry, answers] = scan((h: Real, x: Real) => [mul(h, x), add(h, x)], tensor([2], [1, 2]), generated([0, 2], () => 0))
    expect(numbers(carry)).toEqual([1, 2])
    expect(answers.shape).toEqual([0, 2])
    const gradient = grad((h: Real) => total(scan((a: Real, x: Real) => [mul(a, x), a], h, generated([0, 2], () => 0))[0]))(tensor([2], [1, 2]))
    expect(numbers(gradient)).toEqual([1, 1])
    const { tangents } = { tangents: jvp((h: Real) => scan((a: Real, x: Real) => [mul(a, x), a], h, generated([0, 2], () => 0))[0], tensor([2], [1, 2]), tensor([2], [3, 4])).tangent }
    expect(numbers(tangents as Tensor)).toEqual([3, 4])
  })

  test('with nothing to slice, a length of its own, and carries of every type', () => {
    const begin = { count: constant(integers([], [0])), key: constant(valueOf('u32', [2], [1, 2])), h: tensor([], [1]) }
    const [{ count, h }, bits] = scan(
      ({ count: k, key, h: x }) => {
        const even = bind('equal', {}, bind('rem', {}, k, constant(integers([], [2]))), constant(integers([], [0])))
        const next = { count: add(k, 1), key: bind('randomBits', { shape: [2] }, key) as typeof key, h: bind('select', {}, even, mul(x, 3), sub(x, 1)) as Real }
        return [next, key]
      },
      begin,
      null,
      { length: 5 }
    )
    expect(numbers(count)).toEqual([5])
    expect(numbers(h)).toEqual([((1 * 3 - 1) * 3 - 1) * 3])
    expect(bits.shape).toEqual([5, 2])
    const derivative = grad((x: Real) => {
      const [end] = scan(({ k, y }: { readonly k: Tensor<Shape, 'i32'>; readonly y: Real }) => [{ k: add(k, 1), y: mul(y, add(cast('f32')(k), 1)) as Real }, null], { k: constant(integers([], [0])) as Tensor<Shape, 'i32'>, y: x }, null, { length: 4 })
      return end.y as Tensor<readonly [], 'f32'>
    })(tensor([], [2]))
    expect(numbers(derivative)).toEqual([24])
  })

  test('a loop in a loop, with branches, calls, checkpoints and rules of its own', () => {
    const f = (looping: Looping) => (x: Real) => {
      const inner = (h: Real, row: Real) => looping((a: Real, b: Real) => [sin(add(mul(a, 0.5), b)) as Real, mul(a, b) as Real], h, row, { reverse: true })
      const square = customVjp((y: Real) => mul(y, y) as Real, { name: 'square', vjp: ([y], _result, c) => [mul(mul(y, 2), c)] })
      const [h, ys] = looping(
        (carry: Real, row: Real) => {
          const [a, b] = inner(carry, row)
          const taken = bindAll('cond', { branches: [branch('sin'), branch('exp')] }, cast('i32')(less(tensor([], [0]), a)), a)
          return [checkpoint((y: Real) => tanh(square(y)) as Real)(add(taken[0] as Real, 0.1) as Real), b]
        },
        tensor([], [0.3]) as Real,
        x
      )
      return add(h, total(mul(ys, ys))) as Tensor<readonly [], 'f32'>
    }
    const x = generated([3, 4], (k) => Math.sin(k + 0.5))
    expectClose(f(scan)(x), f(written)(x))
    expectClose(grad(f(scan))(x), grad(f(written))(x))
    expectClose(grad((y: Real) => total(mul(grad(f(scan))(y), y)))(x), grad((y: Real) => total(mul(grad(f(written))(y), y)))(x))
  })

  const branch = (primitive: 'sin' | 'exp'): Graph => {
    const x = placeholder('x', { shape: [], dtype: 'f32' })
    return graphOf([x], [bind(primitive, {}, x)])
  }

  test('a loop that is linear is transposed where a rule of the other mode is asked for', () => {
    const sums = (looping: Looping) => (x: Real) => looping((h: Real, y: Real) => [add(mul(h, 0.5), y) as Real, h], tensor([], [0]) as Real, x)[1]
    const f = (looping: Looping) => customVjp((x: Real) => sums(looping)(x), { name: 'sums', vjp: ([x], _result, c) => [vjp(sums(looping))(x).pullback(c)] })
    const [x, direction] = [generated([5], (k) => k - 1.5), generated([5], (k) => Math.cos(k))]
    expectClose(jvp(f(scan), x, direction), jvp(f(written), x, direction))
  })
})

describe('cost', () => {
  const program = (length: number, options: ScanOptions, f: (g: (p: Parameters) => Tensor<readonly [], 'f32'>) => (p: Parameters) => unknown): Graph =>
    simplify(trace((p: Parameters) => f(recurrent(scan, options, scale))(p), shaped(length, 0)).graph)

  test.each([
    ['value', (g: (p: Parameters) => unknown) => g],
    ['gradient', grad],
    ['gradient of the gradient', (g: (p: Parameters) => Tensor<readonly [], 'f32'>) => grad((p: Parameters) => total(grad(g)(p).weights))]
  ] as const)('the program of the %s does not grow with the number of steps', (_name, f) => {
    for (const checkpointEvery of [1, 4]) {
      const [short, long] = [8, 800].map((length) => size(program(length, { checkpointEvery }, f as typeof grad)))
      expect(long).toBe(short)
    }
  })

  test('the gradient is one loop forward and one backward, and the value alone stacks no carries', () => {
    const value = program(6, {}, (g) => g)
    expect(counted(value, 'scan')).toBe(1)
    expect(value.nodes.find(({ primitive }) => primitive === 'scan')?.outputs.map(({ shape }) => shape)).toEqual([[2, 3], [2, 3], [6, 2, 3], [6, 2, 3]])
    expect(counted(program(6, {}, grad), 'scan')).toBe(2)
  })

  test('reverse over reverse runs each of the two loops once, and their derivatives', () => {
    const second = program(6, {}, (g) => grad((p: Parameters) => total(grad(g)(p).weights)))
    expect(counted(second, 'scan')).toBe(4)
  })

  test('the sums of constants’ gradients are carried, not stacked', () => {
    const graph = program(50, {}, (g) => (p) => grad(g)(p).weights)
    const shapes = graph.nodes.flatMap((node) => (node.primitive === 'scan' ? node.outputs.map(({ shape }) => shape) : []))
    expect(shapes.filter((shape) => shape[0] === 50).every((shape) => shape.slice(1).join() === '2,3')).toBe(true)
    expect(shapes.filter((shape) => shape.join() === '3,3')).toHaveLength(1)
  })

  test('with checkpoints, as few carries are kept as there are rounds, beside those of one round', () => {
    const stacks = (graph: Graph): readonly (readonly number[])[] => graph.nodes.flatMap((node) => (node.primitive === 'scan' ? [...node.outputs.map(({ shape }) => shape), ...subGraphsOf(node).flatMap(stacks)] : []))
    const f = (options: ScanOptions) => (x: Real) => grad((y: Real) => total(scan((h: Real) => [sin(h) as Real, null], y, null, { length: 100, ...options })[0]))(x)
    const longest = (options: ScanOptions) => Math.max(...stacks(simplify(trace(f(options), tensorValue).graph)).map(([first = 0]) => first))
    expect([{}, { checkpointEvery: 10 }, { checkpointEvery: 25 }].map(longest)).toEqual([100, 10, 25])
  })

  const tensorValue = valueOf('f32', [1], [0.5])

  test('merging, dead code and replicas see into loops', () => {
    const x = placeholder('x', { shape: [3], dtype: 'f32' })
    const [s, y] = [placeholder('s', { shape: [], dtype: 'f32' }), placeholder('y', { shape: [], dtype: 'f32' })]
    const body = graphOf([s, y], [bind('add', {}, bind('exp', {}, s), bind('exp', {}, s)), bind('mul', {}, y, y)])
    const once = () => bindAll('scan', { body, constants: 0, carries: 1, length: 3, reverse: false }, tensor([], [0]), x)
    const graph = simplify(graphOf([x], [bind('sub', {}, once()[1] as Tensor, once()[1] as Tensor)]))
    const [loop, ...others] = graph.nodes.filter(({ primitive }) => primitive === 'scan')
    expect(others).toEqual([])
    // The carry is gone, as no answer rests on it.
    expect(loop?.outputs).toEqual([{ shape: [3], dtype: 'f32' }])
    expect(loop === undefined ? [] : subGraphsOf(loop).map(({ nodes }) => nodes.map(({ primitive }) => primitive))).toEqual([['input', 'mul']])
    const reduced = trace((h: Real) => scan((a: Real) => [allReduce('norm')(a), null], h, null, { length: 2 })[0], tensorValue).graph
    expect(() => joinReplicas([reduced, reduced])).toThrow('joinReplicas: replica 0: expected collectives outside of `call`, `cond` and `scan`, found "norm" [1]')
  })
})

describe('bad input', () => {
  const h = tensor([2], [1, 2])
  const same = (carry: Real): readonly [Real, null] => [carry, null]
  test.each([
    ['no length', () => scan(same, h, null), ShapeError, 'scan: length: expected a whole number of steps, given or as the size of a leading axis, found nothing to slice and no length'],
    ['a tensor without axes', () => scan(same, h, tensor([], [1])), ShapeError, 'scan: length: expected a whole number of steps, given or as the size of a leading axis, found a tensor without axes'],
    ['half a step', () => scan(same, h, null, { length: 2.5 }), ShapeError, 'scan: length: expected a whole number of steps, given or as the size of a leading axis, found 2.5'],
    ['leading axes that differ', () => scan(same, h, { a: generated([3], Number), b: generated([4], Number) }), ShapeError, 'scan: xs.b: expected a leading axis of 3, one element for each step, found [4]'],
    ['another length', () => scan(same, h, generated([3], Number), { length: 4 }), ShapeError, 'scan: xs: expected a leading axis of 4, one element for each step, found [3]'],
    ['a carry of another shape', () => scan((x: Real) => [total(x) as Real, null], h, null, { length: 1 }), ShapeError, 'scan: carry: expected [2], as before the step, found []'],
    ['a carry of another type', () => scan((x: { readonly a: Real }) => [{ a: cast('i32')(x.a) as unknown as Real }, null], { a: h as Real }, null, { length: 1 }), DtypeError, 'scan: carry.a: expected f32, as before the step, found i32'],
    ['a carry of another structure', () => scan((x: readonly Real[]) => [[...x, ...x], null], [h] as readonly Real[], null, { length: 1 }), TreeError, 'scan: carry: expected 0, as before the step, found 0, 1'],
    ['no checkpoints at all', () => scan(same, h, null, { length: 4, checkpointEvery: 0 }), ShapeError, 'scan: checkpointEvery: expected a whole number of steps, at least 1, found 0']
  ])('%s', (_name, f, kind, message) => {
    expect(f).toThrow(kind)
    expect(f).toThrow(message)
  })

  test('a way through a loop on which nothing has a derivative is named', () => {
    const loss = (x: Real) => total(scan((a: Real, y: Real) => [add(mul(a, 0.5), cast('f32')(less(y, 0))) as Real, a], tensor([], [0]) as Real, x)[1])
    expect(() => grad(loss)(h)).toThrow(DerivativeError)
    expect(() => grad(loss)(h)).toThrow('found only loss ← reduceSum ← scan ← … ← add ← cast to f32 ← less ← parameters')
  })

  test('a carry whose beginning does not matter has a gradient of zero', () => {
    expect(numbers(grad((x: Real) => total(scan((a: Real, y: Real) => [y, stopGradient(a)], x, generated([3, 2], Number))[1]))(h))).toEqual([0, 0])
  })

  test('an operand may be a result, and exp of a captured tensor is computed once, outside', () => {
    const graph = trace((x: Real) => scan((a: Real) => [mul(a, exp(x)) as Real, x], x, null, { length: 3 }), valueOf('f32', [2], [0, 1])).graph
    expect(counted(graph, 'exp')).toBe(1)
    expect(numbers(total(scan((a: Real) => [mul(a, 2) as Real, h], h, null, { length: 3 })[1]))).toEqual([9])
  })
})
