import { describe, expect, test } from 'vitest'
import fc from 'fast-check'
import { bind, floats, hostValue } from '@tabula/tensor'
import type { HostValue, Sizes, Tensor } from '@tabula/tensor'
import { customJvp, customVjp } from '../../src/index.js'
import { broadcastPairs, checkGradients, shapes, tensors } from '../../src/testing/index.js'

const mul = (a: Tensor, b: Tensor): Tensor => bind('mul', {}, a, b)
const neg = (x: Tensor): Tensor => bind('neg', {}, x)
const matmul = (a: Tensor, b: Tensor): Tensor => bind('matmul', {}, a, b)
const transpose = (x: Tensor): Tensor => bind('transpose', { permutation: [1, 0] }, x)
const sum = (x: Tensor, axes: readonly number[], keepDimensions = false): Tensor => bind('reduceSum', { axes, keepDimensions }, x)
const to = (x: Tensor, shape: Sizes): Tensor => bind('broadcastTo', { shape }, x)
const number = (x: number): Tensor => bind('constant', { value: hostValue('f32', [], Float64Array.of(x)) })

type Two = (a: Tensor, b: Tensor) => Tensor
type Rule = (a: Tensor, b: Tensor, c: Tensor) => readonly [Tensor, Tensor]

const custom = (f: Two, rule: Rule): Two => customVjp(f, { name: 'mine', vjp: ([a, b], _y, c) => rule(a, b, c) })
const square = { a: floats([3, 3], [1, -2, 3, 0.5, 0.25, -1, 2, 1.5, -0.75]), b: floats([3, 3], [2, 1, -1, 0.5, 3, -2, 1.25, -0.5, 1]) }

interface Mistake {
  readonly name: string
  readonly f: Two
  readonly right: Rule
  readonly wrong: Rule
  readonly at?: { readonly a: HostValue<'f32'>; readonly b: HostValue<'f32'> }
  /** Shapes to which the mistake shrinks. */
  readonly shapes: readonly [Sizes, Sizes]
}

const product: Two = (a, b) => mul(a, b)
const quotient: Two = (a, b) => bind('div', {}, a, b)
const products: Rule = (a, b, c) => [mul(c, b), mul(c, a)]
const quotients: Rule = (a, b, c) => [quotient(c, b), neg(mul(quotient(c, b), quotient(a, b)))]
const matrices: Rule = (a, b, c) => [matmul(c, transpose(b)), matmul(transpose(a), c)]
const rowsAndBias = { a: square.a, b: floats([3], [1, -1, 2]) }
const withBias: Two = (a, b) => mul(a, to(b, a.shape))

const mistakes: readonly Mistake[] = [
  { name: 'sign', f: product, right: products, wrong: (a, b, c) => [neg(mul(c, b)), mul(c, a)], shapes: [[], []] },
  { name: 'dropped term', f: (a, b) => mul(mul(a, a), b), right: (a, b, c) => [mul(mul(c, b), bind('add', {}, a, a)), mul(c, mul(a, a))], wrong: (a, b, c) => [mul(mul(c, b), a), mul(c, mul(a, a))], shapes: [[], []] },
  { name: 'swapped operands', f: quotient, right: quotients, wrong: (a, b, c) => [quotient(b, c), neg(mul(quotient(c, b), quotient(a, b)))], shapes: [[], []] },
  { name: 'zero', f: product, right: products, wrong: (a, b, c) => [mul(c, b), mul(number(0), mul(c, a))], shapes: [[], []] },
  { name: 'missing transpose', f: matmul, right: matrices, wrong: (a, b, c) => [matmul(c, b), matmul(transpose(a), c)], shapes: [[1, 2], [2, 2]] },
  { name: 'wrong axis', f: (a, b) => mul(sum(a, [0]), sum(b, [0])), right: (a, b, c) => [to(mul(c, sum(b, [0])), a.shape), to(mul(c, sum(a, [0])), b.shape)], wrong: (a, b, c) => [transpose(to(mul(c, sum(b, [0])), a.shape)), to(mul(c, sum(a, [0])), b.shape)], shapes: [[2, 2], [2]] },
  { name: 'missing sum over a broadcast', f: withBias, right: (a, b, c) => [mul(c, to(b, a.shape)), sum(mul(c, a), [0])], wrong: (a, b, c) => [mul(c, to(b, a.shape)), bind('reduceMax', { axes: [0], keepDimensions: false }, mul(c, a))], at: rowsAndBias, shapes: [[2], []] },
  { name: 'off by one', f: product, right: products, wrong: (a, b, c) => [bind('reverse', { axes: [1] }, mul(c, b)), mul(c, a)], shapes: [[1, 2], [1, 2]] }
]

describe('a custom rule', () => {
  test.each(mistakes)('with a mistake, $name: right it passes, wrong it does not, at the smallest point that shows it', ({ f, right, wrong, at = square, shapes: smallest }) => {
    expect(checkGradients(({ a, b }) => custom(f, right)(a, b), { at, orders: 2 })).toMatchObject({ _tag: 'Right', right: { kinks: [], seams: 0, skipped: [] } })
    const found = checkGradients(({ a, b }) => mul(custom(f, wrong)(a, b), number(2)), { at, orders: 2 })
    expect(found).toMatchObject({ _tag: 'Left', left: { _tag: 'GradientMismatch', order: 1, shapes: { a: smallest[0], b: smallest[1] }, culprit: { call: 'mine' } } })
    for (const mode of ['forward', 'reverse'] as const) {
      expect(checkGradients(({ a, b }) => custom(f, wrong)(a, b), { at, modes: [mode], shrink: false })).toMatchObject({ _tag: 'Left' })
    }
  })

  test('whose forward mode is wrong, and whose reverse mode follows from it', () => {
    const sine = (factor: number) => customJvp((x: Tensor) => bind('sin', {}, x), { name: 'sine', jvp: ([x], _y, [t]) => (t === undefined || t === null ? undefined : mul(mul(t, bind('cos', {}, x)), number(factor))) })
    const at = { x: floats([2], [0.5, -1]) }
    expect(checkGradients(({ x }) => sine(1)(x), { at, orders: 2 })).toMatchObject({ _tag: 'Right', right: { skipped: [] } })
    for (const modes of [['forward'], ['reverse']] as const) {
      expect(checkGradients(({ x }) => sine(-1)(x), { at, modes })).toMatchObject({ _tag: 'Left', left: { comparison: modes[0], culprit: { call: 'sine' } } })
    }
  })

  test('of which only one of two modes is wrong', () => {
    const rules = (forward: number, reverse: number) =>
      customVjp((x: Tensor) => bind('sin', {}, x), {
        name: 'sine',
        vjp: ([x], _y, c) => [mul(mul(c, bind('cos', {}, x)), number(reverse))],
        jvp: ([x], _y, [t]) => (t === undefined || t === null ? undefined : mul(mul(t, bind('cos', {}, x)), number(forward)))
      })
    const at = { x: floats([2], [0.5, -1]) }
    expect(checkGradients(({ x }) => rules(1, 1)(x), { at, orders: 2 })).toMatchObject({ _tag: 'Right' })
    expect(checkGradients(({ x }) => rules(1, 2)(x), { at })).toMatchObject({ _tag: 'Left', left: { comparison: 'reverse', check: { modes: ['reverse'] } } })
    expect(checkGradients(({ x }) => rules(2, 1)(x), { at })).toMatchObject({ _tag: 'Left', left: { comparison: 'forward', check: { modes: ['forward'] } } })
  })

  test('that answers a wrong shape is a mismatch, not an exception', () => {
    const found = checkGradients(({ a, b }) => custom(withBias, (x, y, c) => [mul(c, to(y, x.shape)), mul(c, x)])(a, b), { at: rowsAndBias })
    expect(found).toMatchObject({ _tag: 'Left', left: { _tag: 'GradientMismatch', refused: /expected \[1\], found \[1,1\]/ } })
  })

  test('that is not linear leaves forward mode out, and says so, where reverse mode is right at the cotangents tried', () => {
    const odd = customVjp((x: Tensor) => bind('sin', {}, x), { name: 'odd', vjp: ([x], _y, c) => [mul(bind('maximum', {}, c, bind('minimum', {}, c, number(9))), bind('cos', {}, x))] })
    const found = checkGradients(({ x }) => odd(x), { at: { x: floats([2], [0.5, -1]) } })
    expect(found).toMatchObject({ _tag: 'Right', right: { skipped: [expect.stringMatching(/^forward mode, order 1: odd: /)] } })
  })
})

/** Right but where `when` holds of the shapes: the mistakes that a test at one shape does not find. */
const wrongWhen = (when: (a: Sizes, b: Sizes) => boolean): Two =>
  custom(product, (a, b, c) => {
    const back = (x: Tensor, like: Tensor): Tensor => {
      const added = x.shape.length - like.shape.length
      const axes = x.shape.flatMap((size, axis) => (axis < added || (like.shape[axis - added] === 1 && size !== 1) ? [axis] : []))
      return bind('reshape', { shape: like.shape }, sum(x, axes))
    }
    const factor = when(a.shape, b.shape) ? 0.5 : 1
    return [back(mul(c, b), a), mul(back(mul(c, a), b), number(factor))]
  })

describe('a mistake that shows for some shapes only is found with random shapes', () => {
  test.each([
    { name: 'axes of size 1', when: (a: Sizes) => a.includes(1) },
    { name: 'broadcasting', when: (a: Sizes, b: Sizes) => a.length !== b.length || a.some((size, axis) => size !== b[axis]) },
    { name: 'rank 3', when: (a: Sizes) => a.length === 3 },
    { name: 'rank 0', when: (a: Sizes) => a.length === 0 }
  ])('$name', ({ when }) => {
    const f = wrongWhen(when)
    const points = broadcastPairs().chain(([a, b]) => fc.record({ a: tensors(a), b: tensors(b) }))
    const holds = (g: Two, seed: number) => fc.check(fc.property(points, (at) => checkGradients(({ a, b }) => g(a, b), { at, shrink: false })._tag === 'Right'), { numRuns: 60, seed })
    expect(holds(wrongWhen(() => false), 7).failed).toBe(false)
    const { failed, counterexample } = holds(f, 7)
    expect(failed).toBe(true)
    const [at] = counterexample ?? []
    // fast-check and the kit shrink to the same sort of point: one that shows the mistake with the fewest elements.
    expect(at !== undefined && when(at.a.shape, at.b.shape)).toBe(true)
  })

  test('shapes shrink to the smallest', () => {
    const wrong = (x: Tensor): Tensor => customVjp((y: Tensor) => bind('exp', {}, y), { name: 'exponential', vjp: ([, ...none], y, c) => (none.length === 0 && y.shape.length > 1 ? [c] : [mul(c, y)]) })(x)
    const points = shapes().chain((shape) => tensors(shape))
    const { counterexample } = fc.check(fc.property(points, (x) => checkGradients((y) => wrong(y), { at: x, shrink: false })._tag === 'Right'), { numRuns: 60, seed: 3 })
    expect(counterexample?.[0].shape).toEqual([1, 1])
    expect(Array.from(counterexample?.[0].data ?? [])).toEqual([1])
  })
})
