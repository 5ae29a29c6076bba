import { describe, expect, test } from 'vitest'
import { bind, exp, floats, hostValue, integers, matmul, mul, sin, tanh } from '@tabula/tensor'
import type { Shape, Tensor } from '@tabula/tensor'
import { customVjp } from '../../src/index.js'
import { checkCategoryLaws, checkLaws } from '../../src/testing/index.js'

type Real = Tensor<Shape, 'f32'>
const at = { x: floats([2, 3], [1, -2, 0.5, 3, -1, 0.25]), w: floats([3, 2], [1, 2, -1, 0.5, 0.25, -3]) }
const number = (value: number): Tensor => bind('constant', { value: hostValue('f32', [], Float64Array.of(value)) })

/** sin with a rule of one's own. */
const withRule = (vjp: (x: Tensor, c: Tensor) => Tensor) =>
  customVjp((x: Tensor) => bind('sin', {}, x), { name: 'sine', vjp: ([x], _y, c) => [vjp(x, c)] })

describe('checkLaws', () => {
  test('holds for a function of trees, integers among them', () => {
    const take = ({ x, rows }: { readonly x: Real; readonly rows: Tensor<Shape, 'i32'> }) => ({
      taken: exp(bind('gather', { axis: 0, batchDims: 0 }, x, rows) as Real),
      which: bind('argmax', { axis: 1 }, x)
    })
    expect(checkLaws(({ x, w }) => [sin(matmul(x, w)), tanh(x)], { at })).toMatchObject({ _tag: 'Right', right: { skipped: [] } })
    expect(checkLaws(take, { at: { x: at.x, rows: integers([3], [1, 0, 1]) } })).toMatchObject({ _tag: 'Right', right: { skipped: [] } })
  })

  test('a rule that is not linear in the cotangent violates linearity, at the smallest point', () => {
    const clipped = withRule((x, c) => bind('mul', {}, bind('tanh', {}, c), bind('cos', {}, x)))
    const found = checkLaws(({ x }) => mul(clipped(x) as Real, x), { at, laws: ['vjpLinear'] })
    expect(found).toMatchObject({ _tag: 'Left', left: { law: 'vjpLinear', at: { x: { shape: [] } } } })
    expect(found._tag === 'Left' && found.left.message).toMatch(/^vjpLinear: a pullback is linear.* cotangent of argument 0 is hostValue\('f32', \[\]/)
  })

  test('a rule with a constant on top violates linearity; of the wrong shape, every law of reverse mode', () => {
    const shifted = withRule((x, c) => bind('add', {}, bind('mul', {}, c, bind('cos', {}, x)), number(0.001)))
    expect(checkLaws(({ x }) => shifted(x), { at, laws: ['vjpLinear'] })).toMatchObject({ _tag: 'Left', left: { law: 'vjpLinear' } })
    const flat = withRule((_x, c) => bind('reduceSum', { axes: [0], keepDimensions: false }, c))
    expect(checkLaws(({ x }) => flat(x), { at, laws: ['productRule'] })).toMatchObject({ _tag: 'Left', left: { law: 'productRule', expected: undefined } })
  })

  test('a wrong derivative that is linear keeps all laws: they are no substitute for difference quotients', () => {
    const wrong = withRule((x, c) => bind('neg', {}, bind('mul', {}, c, bind('cos', {}, x))))
    expect(checkLaws(({ x }) => wrong(x), { at })).toMatchObject({ _tag: 'Right' })
  })

  test('each law compares numbers', () => {
    for (const law of ['vjpLinear', 'jvpLinear', 'modesAgree', 'chainRule', 'productRule', 'vmapLoop'] as const) {
      const outcome = checkLaws(({ x, w }) => matmul(sin(x), w), { at, laws: [law] })
      expect([law, outcome._tag === 'Right' && outcome.right.comparisons > 0]).toEqual([law, true])
    }
  })
})

describe('checkCategoryLaws', () => {
  type Layer = (x: Real) => Real
  const layers: readonly [Layer, Layer, Layer] = [(x) => sin(x), (x) => mul(x, x), (x) => tanh(x)]
  const compose = (first: Layer, second: Layer): Layer => (x) => second(first(x))
  const run = (layer: Layer) => ({ x }: { readonly x: Real }) => layer(x)

  test('holds for functions', () => {
    expect(checkCategoryLaws({ identity: (x: Real) => x, compose, run }, layers, { at: { x: at.x } })).toMatchObject({ _tag: 'Right' })
  })

  test('finds an identity that is none, and a composition that is not associative', () => {
    const almost: Layer = (x) => mul(x, number(1.001) as Real)
    expect(checkCategoryLaws({ identity: almost, compose, run }, layers, { at: { x: at.x } })).toMatchObject({ _tag: 'Left', left: { law: 'leftIdentity', at: { x: { shape: [] } } } })
    // Every composition halves its second part's result: (f, (g, h)) halves h twice over.
    const halving = (first: Layer, second: Layer): Layer => (x) => bind('mul', {}, bind('add', {}, second(first(x)), first(x)), number(0.5)) as Real
    expect(checkCategoryLaws({ identity: (x: Real) => x, compose: halving, run }, layers, { at: { x: at.x }, laws: ['associativity'] })).toMatchObject({ _tag: 'Left', left: { law: 'associativity' } })
  })

  test('finds layers that are equal in value and differ in their derivative', () => {
    const identity = customVjp((x: Tensor) => x, { name: 'identity', vjp: (_x, _y, c) => [bind('mul', {}, c, number(2))] })
    expect(checkCategoryLaws({ identity: (x: Real) => identity(x) as Real, compose, run }, layers, { at: { x: at.x } })).toMatchObject({ _tag: 'Left', left: { law: 'leftIdentity' } })
  })
})
