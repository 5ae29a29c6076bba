import { describe, expect, it } from 'vitest'
import { bind } from '../../src/bind.js'
import type { Tensor } from '../../src/node.js'
import type { NoAttributes, PrimitiveName, Attributes } from '../../src/primitive.js'
import { valueOf } from '../../src/value.js'
import { distance, expectAgreement, open, random, randomIndices, randomTruth, referenceOf, runOn } from './agree.js'

const device = await open()

type Plain = { [P in PrimitiveName]: Attributes[P] extends NoAttributes ? (NoAttributes extends Attributes[P] ? P : never) : never }[PrimitiveName]

const special = [NaN, Infinity, -Infinity, 0, -0, 1, -1, 2.5, -2.5, 0.5, 1.5, 1e-7, -1e-7, 1e-20, 1e20, -1e20, 3, 0.1, -0.9999999, 88, -88, 100]

describe('one operand', () => {
  const all: readonly Plain[] = ['neg', 'abs', 'sign', 'floor', 'ceil', 'round', 'exp', 'expm1', 'log', 'log1p', 'sqrt', 'sin', 'cos', 'tanh', 'sigmoid', 'erf', 'relu']
  it.each(all)('%s', async (primitive) => {
    await expectAgreement(device, (x) => (x === undefined ? [] : [bind(primitive, {}, x)]), [random(1, [3, 4, 5])])
    await expectAgreement(device, (x) => (x === undefined ? [] : [bind(primitive, {}, x)]), [random(2, [])])
  })
  it.each(all.filter((p) => !['sin', 'cos'].includes(p)))('%s of special numbers, each to 1e-6 of itself', async (primitive) => {
    const inputs = special.map((x) => valueOf('f32', [1], [x]))
    for (const input of inputs) {
      const f = (...[x]: readonly Tensor[]) => (x === undefined ? [] : [bind(primitive, {}, x)])
      const [actual, expected] = [(await runOn(device, f, [input]))[0], referenceOf(f, [input])[0]]
      if (actual === undefined || expected === undefined) throw new Error('one output')
      const [a = 0, e = 0] = [actual.data[0], Math.fround(expected.data[0] ?? 0)]
      const same = Object.is(a, e) || a === e || Math.abs(a - e) <= 2e-6 * Math.abs(e) + 1e-38
      expect(same, `${primitive}(${input.data[0]}) = ${a}, expected ${e}`).toBe(true)
    }
  })
  it.each(['neg', 'abs', 'sign'] as const)('%s of i32', (primitive) =>
    expectAgreement(device, (x) => (x === undefined ? [] : [bind(primitive, {}, x)]), [valueOf('i32', [2, 3], [-5, 0, 7, 1, -1, 2147483647])]))
  it('not', () => expectAgreement(device, (x) => (x === undefined ? [] : [bind('not', {}, x)]), [randomTruth(3, [4, 3])]))
})

describe('two operands', () => {
  const floats = ['add', 'sub', 'mul', 'div', 'rem', 'pow', 'maximum', 'minimum', 'atan2', 'equal', 'less', 'lessEqual'] as const
  const pairs: readonly (readonly [readonly number[], readonly number[]])[] = [
    [[3, 4, 5], [3, 4, 5]],
    [[3, 4, 5], [4, 1]],
    [[1, 4, 1], [3, 1, 5]],
    [[], [2, 3]],
    [[2, 3, 4, 5], [1, 3, 1, 1]],
    [[2, 1], [1, 1, 1, 3]],
    [[], []],
    [[0, 3], [1, 3]]
  ]
  it.each(floats)('%s', async (primitive) => {
    for (const [a, b] of pairs) await expectAgreement(device, (x, y) => (x === undefined || y === undefined ? [] : [bind(primitive, {}, x, y)]), [random(4, a), random(5, b)])
  })
  it('of large operands with sizes of 1', async () => {
    for (const [a, b] of [[[40, 30, 1, 1], []], [[40, 30, 1, 1], [30, 1, 1]], [[40, 1, 30, 1], [1, 30, 1]], [[40, 30, 2, 1], [40, 1, 1, 1]]] as const) {
      await expectAgreement(device, (x, y) => (x === undefined || y === undefined ? [] : [bind('mul', {}, x, y)]), [random(4, a), random(5, b)], { variants: 9 })
    }
  })
  it.each(floats)('%s of special numbers', async (primitive) => {
    const a = special.flatMap((x) => special.map(() => x))
    const b = special.flatMap(() => special)
    const f = (...[x, y]: readonly Tensor[]) => (x === undefined || y === undefined ? [] : [bind(primitive, {}, x, y)])
    const inputs = [valueOf('f32', [a.length], a), valueOf('f32', [b.length], b)]
    const [actual, expected] = [(await runOn(device, f, inputs))[0], referenceOf(f, inputs)[0]]
    if (actual === undefined || expected === undefined) throw new Error('one output')
    a.forEach((x, i) => {
      const [p = 0, q = 0] = [actual.data[i], Math.fround(expected.data[i] ?? 0)]
      const close = Object.is(p, q) || p === q || Math.abs(p - q) <= 1e-5 * Math.abs(q) + 1e-37 || primitive === 'rem'
      expect(close, `${primitive}(${x}, ${b[i]}) = ${p}, expected ${q}`).toBe(true)
    })
  })
  it.each(['add', 'sub', 'mul', 'div', 'rem', 'maximum', 'minimum', 'equal', 'less', 'lessEqual'] as const)('%s of integers', async (primitive) => {
    const a = valueOf('i32', [7], [7, -7, 2147483647, -2147483648, 5, 0, 12])
    const b = valueOf('i32', [7], [2, 2, 3, 5, -5, 9, 12])
    await expectAgreement(device, (x, y) => (x === undefined || y === undefined ? [] : [bind(primitive, {}, x, y)]), [a, b])
    const u = valueOf('u32', [5], [4294967295, 7, 0, 2147483648, 9])
    const v = valueOf('u32', [5], [2, 4294967295, 1, 65537, 9])
    await expectAgreement(device, (x, y) => (x === undefined || y === undefined ? [] : [bind(primitive, {}, x, y)]), [u, v])
  })
  it.each(['and', 'or', 'equal'] as const)('%s of truth values', (primitive) =>
    expectAgreement(device, (x, y) => (x === undefined || y === undefined ? [] : [bind(primitive, {}, x, y)]), [randomTruth(6, [3, 4]), randomTruth(7, [4])]))
  it('refuses to divide integers by zero', async () => {
    const division = runOn(device, (x, y) => (x === undefined || y === undefined ? [] : [bind('div', {}, x, y)]), [valueOf('i32', [2], [1, 2]), valueOf('i32', [2], [1, 0])])
    await expect(division).rejects.toThrow()
  })
})

describe('select and cast', () => {
  it('selects floats, integers and truth values', async () => {
    const f = (...[c, a, b]: readonly Tensor[]) => (c === undefined || a === undefined || b === undefined ? [] : [bind('select', {}, c, a, b)])
    await expectAgreement(device, f, [randomTruth(8, [3, 1]), random(9, [3, 4]), random(10, [4])])
    await expectAgreement(device, f, [randomTruth(8, [3, 4]), valueOf('f32', [], [NaN]), random(10, [2, 3, 4])])
    await expectAgreement(device, f, [randomTruth(8, [3, 4]), randomIndices(1, [3, 1], 9), randomIndices(2, [4], 9)])
    await expectAgreement(device, f, [randomTruth(8, [3, 4]), randomTruth(1, [3, 4]), randomTruth(2, [4])])
    await expectAgreement(device, f, [randomTruth(8, [2]), valueOf('u32', [2], [4294967295, 1]), valueOf('u32', [2], [4294967294, 2])])
  })
  it.each(['f32', 'i32', 'u32', 'bool'] as const)('casts to %s', async (dtype) => {
    const f = (...[x]: readonly Tensor[]) => (x === undefined ? [] : [bind('cast', { dtype }, x)])
    const numbers = [0.9, -0.9, 1.5, -1.5, 3e9, -3e9, 5e9, NaN, Infinity, -Infinity, 2147483520, 2147483648, 0, 4294967040]
    for (const value of [valueOf('f32', [14], numbers), valueOf('i32', [4], [-1, 0, 5, 2147483647]), valueOf('u32', [4], [4294967295, 0, 5, 2147483648]), randomTruth(3, [4])]) {
      await expectAgreement(device, f, [value], { variants: 2 })
    }
  })
})

it('distance tells numbers apart', () => {
  expect(distance(valueOf('f32', [2], [1, 2]), valueOf('f32', [2], [1, 2.5]))).toBeCloseTo(0.2)
})
