import { describe, expect, test } from 'vitest'
import fc from 'fast-check'
import { bind, isHostValue, leavesOf, placeholder, sizeOf } from '@tabula/tensor'
import type { Sizes } from '@tabula/tensor'
import { broadcastPairs, broadcastTriples, conditions, convolutionShapes, indices, keys, matmulShapes, parameterTrees, reductions, shapes, tensors, trees } from '../../src/testing/index.js'

const real = (shape: Sizes) => placeholder('x', { shape, dtype: 'f32' })
const options = { seed: 5, numRuns: 200 }
/** Some hundred draws. */
const drawn = <T>(arbitrary: fc.Arbitrary<T>): readonly T[] => fc.sample(arbitrary, { seed: 5, numRuns: 300 })
/** What the simplest failing value of a property that never holds is. */
const simplest = <T>(arbitrary: fc.Arbitrary<T>): T | undefined => {
  const { counterexample } = fc.check(fc.property(arbitrary, (_value: T) => false), { seed: 1 })
  return counterexample === null ? undefined : counterexample[0]
}

describe('shapes', () => {
  test('of any rank within the limits, down to a scalar', () => {
    fc.assert(
      fc.property(shapes({ minRank: 1, maxRank: 2, minSize: 0, maxSize: 5 }), (shape) => shape.length >= 1 && shape.length <= 2 && shape.every((size) => size >= 0 && size <= 5)),
      options
    )
    expect(simplest(shapes())).toEqual([])
    expect(new Set(drawn(shapes()).map(({ length }) => length))).toEqual(new Set([0, 1, 2, 3]))
  })

  test('that broadcast, in twos and threes: every way occurs', () => {
    fc.assert(fc.property(broadcastPairs(), ([a, b]) => bind('add', {}, real(a), real(b)).shape.length <= 3), options)
    fc.assert(fc.property(broadcastTriples(), ([c, a, b]) => bind('select', {}, placeholder('c', { shape: c, dtype: 'bool' }), real(a), real(b)).shape.length <= 3), options)
    const pairs = drawn(broadcastPairs())
    expect(pairs.some(([a, b]) => a.length < b.length)).toBe(true)
    expect(pairs.some(([a, b]) => a.length > b.length)).toBe(true)
    expect(pairs.some(([a, b]) => a.length === b.length && a.some((size, axis) => size === 1 && (b[axis] ?? 0) > 1))).toBe(true)
    expect(simplest(broadcastPairs())).toEqual([[], []])
  })

  test('that can be multiplied, with and without batches', () => {
    fc.assert(
      fc.property(matmulShapes(), ({ a, b, product }) => {
        expect(bind('matmul', {}, real(a), real(b)).shape).toEqual(product)
      }),
      options
    )
    const all = drawn(matmulShapes())
    for (const seen of [all.some(({ a }) => a.length === 4), all.some(({ a, b }) => a.length === 2 && b.length > 2), all.some(({ a, b }) => a.length > 2 && b.length === 2)]) expect(seen).toBe(true)
  })

  test('that can be convolved, with strides, uneven padding, dilation and groups', () => {
    fc.assert(
      fc.property(convolutionShapes(), ({ x, w, y, attributes }) => {
        expect(bind('conv2d', attributes, real(x), real(w)).shape).toEqual(y)
        expect(y.every((size) => size > 0)).toBe(true)
      }),
      options
    )
    const all = drawn(convolutionShapes()).map(({ attributes }) => attributes)
    for (const seen of [
      all.some(({ stride }) => stride[0] !== stride[1]),
      all.some(({ padding }) => padding[0][0] !== padding[0][1]),
      all.some(({ dilation }) => dilation[0] === 2),
      all.some(({ groups }) => groups === 2)
    ])
      expect(seen).toBe(true)
    expect(simplest(convolutionShapes())?.x).toEqual([1, 1, 1, 1])
  })

  test('with axes to reduce', () => {
    fc.assert(fc.property(reductions(), ({ shape, axes, keepDimensions }) => bind('reduceSum', { axes, keepDimensions }, real(shape)).shape.length <= shape.length), options)
    const all = drawn(reductions({ minRank: 2 }))
    for (const seen of [all.some(({ axes }) => axes.length === 0), all.some(({ shape, axes }) => axes.length === shape.length), all.some(({ axes }) => axes.length === 1)]) expect(seen).toBe(true)
  })
})

describe('values', () => {
  const numbersOf = (kind: Parameters<typeof tensors>[1]): readonly (readonly number[])[] => drawn(tensors([5], kind)).map(({ data }) => Array.from(data))

  test('of each kind are what its description says', () => {
    expect(numbersOf('wellConditioned').flat().every((x) => Math.abs(x) >= 0.25 && Math.abs(x) <= 2)).toBe(true)
    expect(numbersOf('positive').flat().every((x) => x >= 0.25 && x <= 2)).toBe(true)
    expect(numbersOf('ties').every((numbers) => new Set(numbers).size < numbers.length)).toBe(true)
    const zeros = numbersOf('zeros').flat()
    expect(zeros.some((x) => Object.is(x, 0)) && zeros.some((x) => Object.is(x, -0)) && zeros.some((x) => x !== 0)).toBe(true)
    expect(numbersOf('subnormal').flat().every((x) => x !== 0 && Math.abs(x) < 2 ** -126 && Math.fround(x) === x)).toBe(true)
    expect(numbersOf('large').flat().every((x) => Math.abs(x) >= 1e3 && Math.abs(x) <= 1e15)).toBe(true)
    for (const numbers of numbersOf('distinct')) {
      numbers.forEach((x, index) => {
        expect(Math.abs(x)).toBeGreaterThanOrEqual(0.02 - 1e-12)
        numbers.slice(index + 1).forEach((y) => expect(Math.abs(x - y)).toBeGreaterThanOrEqual(0.05))
      })
    }
    for (const kind of ['wellConditioned', 'positive', 'large'] as const) expect(numbersOf(kind).flat().some((x) => x < 0)).toBe(kind !== 'positive')
  })

  test('are of the shape asked for and shrink to simple numbers', () => {
    fc.assert(fc.property(shapes({ minSize: 0 }).chain((shape) => fc.tuple(fc.constant(shape), tensors(shape, 'distinct'))), ([shape, value]) => value.data.length === sizeOf(shape)), options)
    expect(Array.from(simplest(tensors([2]))?.data ?? [])).toEqual([1, 1])
  })

  test('indices, conditions and keys', () => {
    expect(drawn(indices([3], 4)).every(({ dtype, data }) => dtype === 'i32' && Array.from(data).every((index) => index >= 0 && index < 4))).toBe(true)
    expect(drawn(conditions([3])).every(({ dtype, data }) => dtype === 'bool' && Array.from(data).every((bit) => bit === 0 || bit === 1))).toBe(true)
    expect(drawn(keys()).every((words) => words.length === 2 && words.every((word) => word === word >>> 0))).toBe(true)
    expect(simplest(keys())).toEqual([0, 0])
  })
})

describe('trees', () => {
  test('of parameters: leaves alone, arrays and records, some of them empty', () => {
    const all = drawn(parameterTrees({ maxRank: 1 }))
    expect(all.every((tree) => leavesOf(tree, isHostValue).every(({ leaf }) => leaf.dtype === 'f32'))).toBe(true)
    for (const seen of [all.some(isHostValue), all.some(Array.isArray), all.some((tree) => !isHostValue(tree) && !Array.isArray(tree)), all.some((tree) => leavesOf(tree, isHostValue).length === 0)]) expect(seen).toBe(true)
    expect(all.some((tree) => leavesOf(tree, isHostValue).some(({ path }) => path.includes('.')))).toBe(true)
    expect(simplest(trees(fc.constant(tensorsOfOne)))).toBe(tensorsOfOne)
  })
})

const tensorsOfOne = fc.sample(tensors([]), 1)[0]
