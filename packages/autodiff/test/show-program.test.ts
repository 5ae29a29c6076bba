import { describe, expect, test } from 'vitest'
import { add, bind, bindAll, cond, hostValue, mul, relu, sigmoid, ShapeError, sub, total, TreeError } from '@tabula/tensor'
import type { Shape, Tensor } from '@tabula/tensor'
import { checkpoint, customVjp, grad, showProgram, valueAndGrad, vjp } from '../src/index.js'

type Real = Tensor<Shape, 'f32'>
const product = (a: Tensor, b: Tensor): Real => bind('matmul', {}, a, b) as Real
const sine = (x: Real): Real => bind('sin', {}, x) as Real
const times = (a: Tensor, b: Tensor): Real => bind('mul', {}, a, b) as Real

const occurrences = (text: string, primitive: string): number => text.split('\n').filter((line) => line.includes(`= ${primitive}(`)).length

describe('what is listed', () => {
  test('placeholders by path, numbers in place, attributes, types', () => {
    const f = ({ w, b }: { readonly w: Real; readonly b: readonly [Real] }): Real => total(mul(add(w, b[0]) as Real, 0.1) as Real)
    expect(showProgram(f)({ w: [3, 4], b: [[4]] })).toBe(
      [
        'program(%w: f32[3,4], %b.0: f32[4])',
        '  %0 = add(%w, %b.0) : f32[3,4]',
        '  %1 = mul(%0, 0.1) : f32[3,4]',
        '  %2 = reduceSum(%1, axes=[0,1], keepDimensions=false) : f32[]',
        '  return %2: f32[]'
      ].join('\n')
    )
  })

  test('several arguments, other types, unused ones, several results, longer constants', () => {
    const f = (x: Real, index: Tensor<Shape, 'i32'>, _unused: Real) => {
      const [values = x, indices = x] = bindAll('topK', { k: 2 }, x)
      const numbers = bind('constant', { value: hostValue('f32', [10], Float32Array.from({ length: 10 }, (_, k) => k / 10)) })
      return { values, all: [indices, bind('gather', { axis: 0, batchDims: 0 }, numbers, index)] }
    }
    expect(showProgram(f)([5], { shape: [3], dtype: 'i32' }, { shape: [], dtype: 'f32' })).toBe(
      [
        'program(%argument0: f32[5], %argument1: i32[3], %argument2: f32[])',
        '  %0 = topK(%argument0, k=2) : f32[2], i32[2]',
        '  %1 = constant(value=[0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, … 2 more]) : f32[10]',
        '  %2 = gather(%1, %argument1, axis=0, batchDims=0) : f32[3]',
        '  return %0.0: f32[2], %0.1: i32[2], %2: f32[3]'
      ].join('\n')
    )
  })

  test('sub-graphs of calls and conditionals are indented, with names of their own', () => {
    const f = (x: Real, index: Tensor<Shape, 'i32'>) => cond(index, [(y: Real) => checkpoint(sine)(y), (y: Real) => times(y, y)], x)
    expect(showProgram(f)([2], { shape: [], dtype: 'i32' })).toBe(
      [
        'program(%argument0: f32[2], %argument1: i32[])',
        '  %0 = cond(%argument1, %argument0) : f32[2]',
        '    branches.0(%x: f32[2])',
        '      %0 = call(%x, name="checkpoint", recompute=true) : f32[2]',
        '        graph(%operand0: f32[2])',
        '          %0 = sin(%operand0) : f32[2]',
        '          return %0: f32[2]',
        '      return %0: f32[2]',
        '    branches.1(%x: f32[2])',
        '      %0 = mul(%x, %x) : f32[2]',
        '      return %0: f32[2]',
        '  return %0: f32[2]'
      ].join('\n')
    )
    const custom = customVjp((x: Real) => sine(x), { name: 'wave', vjp: (_operands, _y, c) => [c] })
    expect(showProgram(custom)([2])).toContain('%0 = call(%x, name="wave", vjp=given) : f32[2]')
  })

  test('the same program has the same text, whatever was traced before', () => {
    const show = () => showProgram(valueAndGrad((p: { readonly w: Real }) => total(relu(p.w))))({ w: [3] })
    const first = show()
    showProgram((x: Real) => sine(x))([7])
    expect(show()).toBe(first)
  })

  test('simplified: what a device is given', () => {
    const f = (x: Real) => checkpoint((y: Real) => bind('reshape', { shape: [2] }, bind('reshape', { shape: [1, 2] }, sine(y))) as Real)(x)
    expect(showProgram(f, { simplified: true })([2])).toBe('program(%x: f32[2])\n  %0 = sin(%x) : f32[2]\n  return %0: f32[2]')
  })

  test('special numbers', () => {
    const f = (x: Real) => [times(x, bind('constant', { value: hostValue('f32', [], Float64Array.of(-0)) })), times(x, bind('constant', { value: hostValue('f32', [], Float32Array.of(Infinity)) }))]
    expect(showProgram(f)([1])).toContain('mul(%x, -0)')
    expect(showProgram(f)([1])).toContain('mul(%x, Infinity)')
    expect(showProgram((x: Tensor<Shape, 'i32'>) => bind('add', {}, x, bind('constant', { value: hostValue('i32', [], Int32Array.of(3)) })))({ shape: [1], dtype: 'i32' })).toContain('add(%x, i32(3))')
  })

  test('what is no shape is refused', () => {
    expect(() => showProgram(sine)([2.5])).toThrow(ShapeError)
    expect(() => showProgram(sine)([-1])).toThrow('showProgram: x: expected whole sizes that are not negative, found [-1]')
    expect(() => showProgram(sine)({ shape: [2], dtype: 'f64' as 'f32' })).toThrow('expected f32, i32, u32, bool, found f64')
    expect(() => showProgram(sine)('x' as never)).toThrow(TreeError)
    expect(() => showProgram((x: Real) => ({ x, text: 'no tensor' }))([2])).toThrow('showProgram: result.text: expected a tensor, found a string')
  })
})

describe('what derivatives cost', () => {
  test('the gradient of a matmul is two matmuls', () => {
    const f = ({ a, b }: { readonly a: Real; readonly b: Real }): Real => total(times(product(a, b), product(a, b)))
    const plain = showProgram(grad(({ a, b }: { readonly a: Real; readonly b: Real }) => total(product(a, b))))({ a: [4, 3], b: [3, 5] })
    expect(plain).toBe(
      [
        'program(%a: f32[4,3], %b: f32[3,5])',
        '  %0 = broadcastTo(1, shape=[4,5]) : f32[4,5]',
        '  %1 = transpose(%b, permutation=[1,0]) : f32[5,3]',
        '  %2 = matmul(%0, %1) : f32[4,3]',
        '  %3 = transpose(%a, permutation=[1,0]) : f32[3,4]',
        '  %4 = matmul(%3, %0) : f32[3,5]',
        '  return %2: f32[4,3], %4: f32[3,5]'
      ].join('\n')
    )
    // Value and gradient: the product itself, and two more; also where it is written twice, once equal expressions are merged.
    const square = ({ a, b }: { readonly a: Real; readonly b: Real }): Real => { const y = product(a, b); return total(times(y, y)) }
    expect(occurrences(showProgram(valueAndGrad(square))({ a: [4, 3], b: [3, 5] }), 'matmul')).toBe(3)
    expect(occurrences(showProgram(valueAndGrad(f), { simplified: true })({ a: [4, 3], b: [3, 5] }), 'matmul')).toBe(3)
    // Batches, and weights without batch axes.
    expect(occurrences(showProgram(grad(square))({ a: [7, 4, 3], b: [7, 3, 5] }), 'matmul')).toBe(3)
    expect(occurrences(showProgram(grad(square))({ a: [7, 4, 3], b: [3, 5] }), 'matmul')).toBe(3)
    // With respect to one operand only.
    expect(occurrences(showProgram(grad((a: Real, b: Real) => total(product(a, b))))([4, 3], [3, 5]), 'matmul')).toBe(1)
  })

  test('the gradient of a conv2d is one input gradient and one weight gradient', () => {
    const attributes = { stride: [2, 2], padding: [[1, 1], [1, 1]], dilation: [1, 1], groups: 1 } as const
    const f = ({ x, w }: { readonly x: Real; readonly w: Real }): Real => total(bind('conv2d', attributes, x, w) as Real)
    const text = showProgram(grad(f))({ x: [1, 2, 5, 5], w: [3, 2, 3, 3] })
    expect([occurrences(text, 'conv2d'), occurrences(text, 'conv2dInputGradient'), occurrences(text, 'conv2dWeightGradient')]).toEqual([0, 1, 1])
    const both = showProgram(valueAndGrad(f))({ x: [1, 2, 5, 5], w: [3, 2, 3, 3] })
    expect([occurrences(both, 'conv2d'), occurrences(both, 'conv2dInputGradient'), occurrences(both, 'conv2dWeightGradient')]).toEqual([1, 1, 1])
    const weights = showProgram(grad((w: Real, x: Real) => f({ x, w })))([3, 2, 3, 3], [1, 2, 5, 5])
    expect([occurrences(weights, 'conv2dInputGradient'), occurrences(weights, 'conv2dWeightGradient')]).toEqual([0, 1])
  })

  test('chains of n elementwise operations: lines grow linearly, also to second order', () => {
    const links: readonly ((x: Real) => Real)[] = [sine, (x) => sigmoid(x), (x) => relu(x), (x) => bind('abs', {}, x) as Real, (x) => mul(x, 0.5) as Real, (x) => sub(x, 0.1) as Real]
    const chain = (n: number) => (x: Real): Real => {
      let y = x
      for (let k = 0; k < n; k++) y = links[k % links.length]?.(y) ?? y
      return total(y)
    }
    const lines = (n: number) => showProgram(valueAndGrad(chain(n)))([3]).split('\n').length
    const [one, two, four] = [lines(60), lines(120), lines(240)]
    expect(four - two).toBe(2 * (two - one))
    expect(two - one).toBeLessThan(60 * 4)
    const second = (n: number) => showProgram(grad((x: Real) => total(grad(chain(n))(x))))([3]).split('\n').length
    const [a, b, c] = [second(60), second(120), second(240)]
    expect(c - b).toBe(2 * (b - a))
  })

  test('checkpoint computes its block once more, and keeps nothing of it', () => {
    const block = (x: Real, w: Real): Real => relu(product(x, w))
    const loss = (wrap: (f: typeof block) => typeof block) => (w: Real, x: Real): Real => {
      let y = x
      for (let k = 0; k < 3; k++) y = wrap(block)(y, w)
      return total(times(y, y))
    }
    const count = (wrap: (f: typeof block) => typeof block, simplified = true) => {
      const text = showProgram(valueAndGrad(loss(wrap)), { simplified })([4, 4], [2, 4])
      return { matmul: occurrences(text, 'matmul'), relu: occurrences(text, 'relu'), barrier: occurrences(text, 'barrier') }
    }
    // Forward 3; backward 3 for the weights and 2 for the maps between; again 3.
    expect(count((f) => f)).toEqual({ matmul: 8, relu: 3, barrier: 0 })
    expect(count(checkpoint)).toEqual({ matmul: 11, relu: 6, barrier: 3 })
  })

  test('the pullback of a checkpoint reads operands through the barrier only', () => {
    const text = showProgram((x: Real, c: Real) => vjp(checkpoint((y: Real) => sine(sine(y))))(x).pullback(c))([2], [2])
    expect(text).toBe(
      [
        'program(%argument0: f32[2], %argument1: f32[2])',
        '  %0 = barrier(%argument0, %argument1) : f32[2]',
        '  %1 = sin(%0) : f32[2]',
        '  %2 = cos(%1) : f32[2]',
        '  %3 = mul(%argument1, %2) : f32[2]',
        '  %4 = cos(%0) : f32[2]',
        '  %5 = mul(%3, %4) : f32[2]',
        '  return %5: f32[2]'
      ].join('\n')
    )
  })
})
