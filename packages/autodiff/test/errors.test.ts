import { describe, expect, test } from 'vitest'
import { either as E } from 'fp-ts'
import { bind, bindAll, cond, DerivativeError, DtypeError, floats, hostValue, integers, mismatchOf, scalar, select, ShapeError, total, TreeError, traceSafely } from '@tabula/tensor'
import type { Mismatch, Shape, Tensor } from '@tabula/tensor'
import { checkpoint, customVjp, grad, stopGradient, valueAndGrad, valueAndGradWithAux, vjp } from '../src/index.js'
import { numbers, tensor } from './support/run.js'

type Vector = Tensor<Shape, 'f32'>
const product = (a: Tensor, b: Tensor): Vector => bind('mul', {}, a, b) as Vector
const square = (x: Vector): Vector => product(x, x)
const count = bind('constant', { value: hostValue('i32', [1], Int32Array.of(1)) })
const x = tensor([2], [1, 2])

/** What is thrown. */
const thrownBy = (f: () => unknown): unknown => {
  try {
    f()
  } catch (thrown) {
    return thrown
  }
  throw new Error('nothing was thrown')
}

const expectMismatch = (f: () => unknown, kind: new (...args: never) => Error, mismatch: Partial<Mismatch>): void => {
  const thrown = thrownBy(f)
  expect(thrown).toBeInstanceOf(kind)
  expect(mismatchOf(thrown)).toMatchObject(mismatch)
}

describe('parameters', () => {
  const loss = (p: { readonly w: Vector }): Vector => total(p.w)
  const call = (operation: 'grad' | 'valueAndGrad' | 'vjp', parameters: unknown) => () =>
    operation === 'grad' ? grad(loss)(parameters as never) : operation === 'vjp' ? vjp(loss)(parameters as never) : valueAndGrad(loss)(parameters as never)

  test.each(['grad', 'valueAndGrad', 'vjp'] as const)('%s: integers, named by their path', (operation) => {
    const mismatch = { operation, operand: 'parameters.state.0.count', found: 'i32', remedy: 'pass what is not differentiated as a further argument' }
    expectMismatch(call(operation, { w: x, state: [{ count }] }), DtypeError, mismatch)
    expectMismatch(call(operation, { w: bind('less', {}, x, x) }), DtypeError, { operation, operand: 'parameters.w', found: 'bool' })
    expectMismatch(call(operation, count), DtypeError, { operand: 'parameters' })
  })

  test('numbers, texts, functions and host values', () => {
    const cases: readonly (readonly [unknown, string])[] = [
      [0.1, 'a number'],
      ['0.1', 'a string'],
      [() => x, 'a function'],
      [floats([2], [1, 2]), 'a host value f32[2]']
    ]
    for (const [rate, found] of cases) {
      expectMismatch(call('grad', { w: x, rate }), TreeError, { operation: 'grad', operand: 'parameters.rate', expected: 'a tensor', found })
    }
    expect(String(thrownBy(call('grad', { w: floats([2], [1, 2]) })))).toContain('constant(')
  })
})

describe('the loss', () => {
  test('has shape []', () => {
    const mismatch = { operation: 'grad', operand: 'loss', expected: '[] (a sum or a mean)', found: '[2]', remedy: 'reduce it with total or mean, or use vjp or jacobian' }
    expectMismatch(() => grad((p: Vector) => square(p))(x), ShapeError, mismatch)
    expectMismatch(() => valueAndGrad((p: Vector) => bind('reshape', { shape: [1, 2] }, p) as Vector)(x), ShapeError, { operation: 'valueAndGrad', found: '[1,2]' })
    expectMismatch(() => valueAndGradWithAux((p: Vector) => [square(p), p] as const)(x), ShapeError, { operation: 'valueAndGradWithAux', found: '[2]' })
  })

  test('is f32', () => {
    const index = (p: Vector) => bind('argmax', { axis: 0 }, p)
    expectMismatch(() => grad(index as never)(x as never), DtypeError, { operation: 'grad', operand: 'loss', expected: 'f32', found: 'i32' })
  })

  test('is one tensor', () => {
    const call = (result: unknown) => () => grad((() => result) as never)(x as never)
    expectMismatch(call({ a: x, b: x }), TreeError, { operand: 'loss', found: 'a record of a, b', remedy: 'differentiate a tree of results with vjp' })
    expectMismatch(call(undefined), TreeError, { operand: 'loss', found: 'nothing' })
    expectMismatch(call(3), TreeError, { operand: 'loss', found: 'a number' })
    const aux = (result: unknown) => () => valueAndGradWithAux((() => result) as never)(x as never)
    expectMismatch(aux(x), TreeError, { operand: 'result', expected: 'the array [loss, auxiliary]', found: 'a tensor f32[2]' })
    expectMismatch(aux([tensor([], [1]), 'text']), TreeError, { operand: 'result.1', found: 'a string' })
  })
})

describe('results and cotangents of vjp', () => {
  const { pullback } = vjp((p: Vector) => ({ a: [square(p)], index: bind('argmax', { axis: 0 }, p), none: null }))(x)
  const call = (cotangents: unknown) => () => (pullback as (cotangents: unknown) => Tensor)(cotangents)
  const rest = { index: null, none: null }
  const structure = 'give a tree of the same structure, with null where the cotangent is zero'

  test('results are tensors', () => {
    expectMismatch(() => vjp((p: Vector) => ({ y: p, size: 2 }))(x), TreeError, { operation: 'vjp', operand: 'result.size', found: 'a number' })
  })

  test('structures agree', () => {
    const cases: readonly (readonly [unknown, Partial<Mismatch>])[] = [
      [{ ...rest, a: [x, x] }, { operand: 'cotangents.a', expected: 'an array of 1', found: 'an array of 2', remedy: structure }],
      [{ ...rest, a: x }, { operand: 'cotangents.a', expected: 'an array of 1', found: 'a tensor f32[2]', remedy: structure }],
      [{ ...rest, a: null }, { operand: 'cotangents.a', expected: 'an array of 1', found: 'nothing' }],
      [{ a: [x] }, { operand: 'cotangents', expected: 'a record of a, index, none', found: 'a record of a' }],
      [{ ...rest, a: [x], b: x }, { operand: 'cotangents', found: 'a record of index, none, a, b' }],
      [{ ...rest, a: [x], none: x }, { operand: 'cotangents.none', expected: 'nothing', found: 'a tensor f32[2]' }],
      [undefined, { operand: 'cotangents', expected: 'a record of a, index, none', found: 'nothing' }]
    ]
    for (const [cotangents, mismatch] of cases) expectMismatch(call(cotangents), TreeError, { operation: 'vjp', ...mismatch })
  })

  test('a cotangent left out is no zero: zeros are written null', () => {
    expectMismatch(call({ ...rest, a: [undefined] }), TreeError, { operand: 'cotangents.a.0', expected: 'a tensor f32[2] or null', found: 'nothing' })
    expectMismatch(() => (vjp(square)(x).pullback as (c?: Tensor) => Tensor)(), TreeError, { operand: 'cotangents', found: 'nothing' })
    expect(numbers(call({ ...rest, a: [null] })())).toEqual([0, 0])
  })

  test('shapes and types agree', () => {
    expectMismatch(call({ ...rest, a: [tensor([3], [1, 2, 3])] }), ShapeError, { operand: 'cotangents.a.0', expected: '[2]', found: '[3]' })
    expectMismatch(call({ ...rest, a: [tensor([], [1])] }), ShapeError, { operand: 'cotangents.a.0', expected: '[2]', found: '[]' })
    expectMismatch(call({ ...rest, a: [bind('cast', { dtype: 'i32' }, x)] }), DtypeError, { operand: 'cotangents.a.0', expected: 'f32', found: 'i32' })
    expectMismatch(call({ ...rest, a: [x], index: tensor([], [1]) }), DtypeError, { operand: 'cotangents.index', expected: 'null, as i32 tensors have no cotangents', found: 'f32' })
    expectMismatch(call({ ...rest, a: [1] }), TreeError, { operand: 'cotangents.a.0', found: 'a number' })
    expectMismatch(call({ ...rest, a: [floats([2], [1, 2])] }), TreeError, { operand: 'cotangents.a.0', found: 'a host value f32[2]' })
  })

  test('a rule of customVjp that answers something else than tensors', () => {
    const f = customVjp((p: Vector) => square(p), { name: 'squares', vjp: () => [3] as never })
    expectMismatch(() => grad((p: Vector) => total(f(p)))(x), TreeError, { operation: 'squares: vjp, operand 0', operand: 'cotangents', found: 'a number' })
  })
})

const cast = (to: 'f32' | 'i32', of: Tensor): Vector => bind('cast', { dtype: to }, of) as Vector
const less = (a: Tensor, b: Tensor): Tensor => bind('less', {}, a, b)
const zero = tensor([], [0])

describe('ways without a derivative', () => {
  const refused = (f: (p: Vector) => Vector, of: Vector = x): readonly string[] => {
    const thrown = thrownBy(() => grad(f)(of))
    expect(thrown).toBeInstanceOf(DerivativeError)
    return (thrown as DerivativeError).path
  }

  test('comparisons counted as numbers, indices and integers', () => {
    expect(refused((p) => total(cast('f32', less(zero, p))))).toEqual(['loss', 'reduceSum', 'cast to f32', 'less', 'parameters'])
    expect(refused((p) => cast('f32', bind('argmax', { axis: 0 }, p)))).toEqual(['loss', 'cast to f32', 'argmax', 'parameters'])
    expect(refused((p) => total(cast('f32', cast('i32', product(p, p)))))).toEqual(['loss', 'reduceSum', 'cast to f32', 'cast to i32', 'mul', 'parameters'])
    const [, indices] = [0, (p: Vector) => bindAll('topK', { k: 1 }, p)[1] ?? p]
    expect(refused((p) => total(cast('f32', indices(p))))).toEqual(['loss', 'reduceSum', 'cast to f32', 'topK', 'parameters'])
    expect(refused((p) => total(bind('gather', { axis: 0, batchDims: 0 }, tensor([2], [5, 6]), bind('argmax', { axis: 0 }, p)) as Vector))).toEqual([
      'loss', 'reduceSum', 'gather', 'argmax', 'parameters'
    ])
    expect(refused((p) => total(cast('f32', bind('and', {}, less(zero, p), bind('not', {}, less(p, zero))))))).toContain('less')
  })

  test('the sentence says which, where from, and what to do', () => {
    const accuracy = ({ scores }: { readonly scores: Vector }) => total(cast('f32', bind('equal', {}, bind('argmax', { axis: 0 }, scores), count)))
    expect(String(thrownBy(() => valueAndGrad(accuracy)({ scores: x })))).toBe(
      'DerivativeError: valueAndGrad: parameters.scores: expected a way from loss on which everything has a derivative, ' +
        'found only loss ← reduceSum ← cast to f32 ← equal ← argmax ← parameters.scores, and argmax has no derivative; ' +
        'put stopGradient on this way if a gradient of zero is meant'
    )
  })

  test('long ways are shortened in the sentence, not in the path', () => {
    const f = (p: Vector): Vector => {
      let y = p
      for (let k = 0; k < 50; k++) y = bind('sin', {}, y) as Vector
      y = cast('f32', less(zero, y))
      for (let k = 0; k < 50; k++) y = bind('cos', {}, y) as Vector
      return total(y)
    }
    expect(refused(f)).toHaveLength(105)
    const message = String(thrownBy(() => grad(f)(x)))
    expect(message).toContain('loss ← reduceSum ← cos ← … ← cos ← cast to f32 ← less ← sin ← sin ← … ← sin ← sin ← parameters, and less has no')
  })

  test('it is the only way: one with derivatives beside it is enough', () => {
    expect(numbers(grad((p: Vector) => total(product(cast('f32', less(zero, p)), p)))(tensor([2], [1, -1])))).toEqual([1, 0])
    const f = ({ a, b }: { readonly a: Vector; readonly b: Vector }) => total(product(cast('f32', less(zero, a)), b))
    expectMismatch(() => grad(f)({ a: x, b: x }), DerivativeError, { operand: 'parameters.a' })
    expect(numbers(grad((b: Vector, a: Vector) => f({ a, b }))(x, x))).toEqual([1, 1])
  })

  test('stopGradient says that zero is meant, on either side', () => {
    expect(numbers(grad((p: Vector) => total(cast('f32', less(zero, stopGradient(p)))))(x))).toEqual([0, 0])
    expect(numbers(grad((p: Vector) => total(stopGradient(cast('f32', less(zero, p)))))(x))).toEqual([0, 0])
    expect(numbers(grad((p: Vector) => total(cast('f32', stopGradient(less(zero, p)))))(x))).toEqual([0, 0])
    expect(() => grad((p: Vector) => total(product(stopGradient(p), cast('f32', less(zero, p)))))(x)).toThrow(DerivativeError)
  })

  test('the condition of a select, the index of a cond, and steps stay zero: they are so by mathematics', () => {
    expect(numbers(grad((p: Vector) => total(select(less(zero, p) as Tensor<Shape, 'bool'>, 3, 4) as Vector))(x))).toEqual([0, 0])
    for (const step of ['floor', 'ceil', 'round', 'sign'] as const) expect(numbers(grad((p: Vector) => total(bind(step, {}, p) as Vector))(x))).toEqual([0, 0])
    const chosen = (p: Vector): Vector =>
      cond(cast('i32', less(zero, total(p))) as unknown as Tensor<Shape, 'i32'>, [(y: Vector) => total(y), (y: Vector) => total(square(y))], zero)
    expect(numbers(grad(chosen)(x))).toEqual([0, 0])
  })

  test('what nothing rests on gets zeros; a constant loss is one', () => {
    expect(numbers(grad((_p: Vector) => zero)(x))).toEqual([0, 0])
  })

  test('only results with a cotangent count', () => {
    const { pullback } = vjp((p: Vector) => [cast('f32', less(zero, p)), square(p)] as const)(x)
    expect(numbers(pullback([null, x]))).toEqual([2, 8])
    expect(numbers(pullback([null, null]))).toEqual([0, 0])
    expectMismatch(() => pullback([x, null]), DerivativeError, { operation: 'vjp', operand: 'parameters' })
    const both = vjp((p: Vector) => ({ square: square(p), positive: cast('f32', less(zero, p)) }))(x)
    expect(numbers(both.pullback({ square: x, positive: x }))).toEqual([2, 8])
  })

  test('inside calls, checkpoints and branches', () => {
    const hard = (p: Vector): Vector => cast('f32', less(zero, p))
    expect(refused((p) => total(checkpoint(hard)(p)))).toEqual(['loss', 'reduceSum', 'checkpoint', 'cast to f32', 'less', 'parameters'])
    expect(refused((p) => total(checkpoint((q: Vector) => checkpoint(hard)(square(q)))(p)))).toEqual([
      'loss', 'reduceSum', 'checkpoint', 'checkpoint', 'cast to f32', 'less', 'mul', 'parameters'
    ])
    const branches = (first: (p: Vector) => Vector) => (p: Vector) =>
      total(cond(bind('constant', { value: integers([], [0]) }) as Tensor<Shape, 'i32'>, [first, hard], p))
    expect(refused(branches(hard))).toEqual(['loss', 'reduceSum', 'cond', 'cast to f32', 'less', 'parameters'])
    expect(numbers(grad(branches(square))(x))).toEqual([2, 4])
    // Of two results, only the one that has no derivative in p is used.
    const two = (p: Vector) => checkpoint((q: Vector) => [square(q), hard(q)] as const)(p)
    expect(numbers(grad((p: Vector) => total(two(p)[0]))(x))).toEqual([2, 4])
    expect(refused((p) => total(two(p)[1]))).toContain('checkpoint')
  })

  test('a custom rule may say what it likes', () => {
    const straightThrough = customVjp((p: Vector) => cast('f32', less(zero, p)), { name: 'step', vjp: (_operands, _y, c) => [c] })
    const silent = customVjp((p: Vector) => cast('f32', less(zero, p)), { name: 'step', vjp: () => [undefined] })
    expect(numbers(grad((p: Vector) => total(straightThrough(p)))(x))).toEqual([1, 1])
    expect(numbers(grad((p: Vector) => total(silent(p)))(x))).toEqual([0, 0])
  })

  test('boxes of roiAlign are data', () => {
    const features = tensor([1, 1, 4, 4], Array.from({ length: 16 }, (_, k) => k))
    const first = bind('constant', { value: integers([1], [0]) })
    const pooled = (boxes: Vector): Vector =>
      total(bind('roiAlign', { outputSize: [1, 1], samplingRatio: 1, scales: [1], aligned: false }, features, boxes, first, first) as Vector)
    expect(String(thrownBy(() => grad(pooled)(tensor([1, 4], [0, 0, 2, 2]))))).toContain('roiAlign takes its boxes as data')
  })
})

describe('derivatives of higher order that are zero by mathematics', () => {
  const twice = (f: (p: Vector) => Vector, at: Vector = tensor([2], [1.5, -2])): readonly number[] => numbers(grad((p: Vector) => total(product(grad(f)(p), tensor([2], [3, 5]))))(at))
  const unary = (name: 'relu' | 'abs') => (p: Vector) => total(bind(name, {}, p) as Vector)

  test('of piecewise linear functions', () => {
    expect(twice(unary('relu'))).toEqual([0, 0])
    expect(twice(unary('abs'))).toEqual([0, 0])
    expect(twice((p) => total(bind('maximum', {}, p, zero) as Vector))).toEqual([0, 0])
    expect(twice((p) => bind('reduceMax', { axes: [0], keepDimensions: false }, p) as Vector)).toEqual([0, 0])
    expect(twice((p) => total((bindAll('topK', { k: 1 }, p)[0] ?? p) as Vector))).toEqual([0, 0])
    expect(twice((p) => total(bind('gather', { axis: 0, batchDims: 0 }, p, bind('argmax', { axis: 0 }, p)) as Vector))).toEqual([0, 0])
    expect(twice((p) => total(select(less(zero, p) as Tensor<Shape, 'bool'>, p, zero) as Vector))).toEqual([0, 0])
  })

  test('of max pooling, to third order', () => {
    const window = { kernel: [1, 2], stride: [1, 2], padding: [[0, 0], [0, 0]], dilation: [1, 1] } as const
    const pooled = (p: Vector) => total((bindAll('maxPool2d', window, bind('reshape', { shape: [1, 1, 1, 2] }, p))[0] ?? p) as Vector)
    const cubed = (p: Vector) => { const y = pooled(p); return product(square(y), y) }
    expect(twice(pooled)).toEqual([0, 0])
    expect(numbers(grad((p: Vector) => total(grad((q: Vector) => total(grad(pooled)(q)))(p)))(x))).toEqual([0, 0])
    expect(numbers(grad((p: Vector) => total(grad((q: Vector) => total(grad(cubed)(q)))(p)))(x))).toEqual([0, 6])
  })
})

test('compile answers them as values', () => {
  const left = traceSafely((p: Tensor<Shape, 'f32'>) => grad((q: Vector) => total(cast('f32', less(zero, q))))(p), floats([2], [1, 2]))
  expect(E.isLeft(left) && left.left).toMatchObject({ _tag: 'IllFormedProgram', mismatch: { operation: 'grad', operand: 'parameters' } })
  const loss = traceSafely((p: Tensor<Shape, 'f32'>) => grad((q: Vector) => q)(p), floats([2], [1, 2]))
  expect(E.isLeft(loss) && loss.left).toMatchObject({ _tag: 'IllFormedProgram', mismatch: { operand: 'loss', found: '[2]' } })
  expect(E.isRight(traceSafely((p: Tensor<Shape, 'f32'>) => grad((q: Vector) => square(q))(p), scalar(1)))).toBe(true)
})
