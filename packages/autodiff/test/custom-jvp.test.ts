import { describe, expect, test } from 'vitest'
import { bind, bindAll, cond, constant, DerivativeError, graphOf, hostValue, placeholder, total } from '@tabula/tensor'
import type { Shape, Tensor } from '@tabula/tensor'
import { checkpoint, customJvp, customVjp, grad, hvp, jvp, linearize, stopGradient, vjp, vmap } from '../src/index.js'
import { countNodes, generated, numbers, tensor } from './support/run.js'

type Vector = Tensor<Shape, 'f32'>
const product = (a: Tensor, b: Tensor): Vector => bind('mul', {}, a, b) as Vector
const plus = (a: Tensor, b: Tensor): Vector => bind('add', {}, a, b) as Vector
const minus = (a: Tensor, b: Tensor): Vector => bind('sub', {}, a, b) as Vector
const sine = (x: Tensor): Vector => bind('sin', {}, x) as Vector
const cosine = (x: Tensor): Vector => bind('cos', {}, x) as Vector
const number = (x: number): Vector => tensor([], [x])
const square = (x: Tensor): Vector => product(x, x)
const cube = (x: Tensor): Vector => product(square(x), x)
const one = number(1)

describe('customJvp', () => {
  /** x², whose derivative is declared to be 3x² so that it can be told from the function's own. */
  const declared = customJvp((x: Vector) => square(x), { name: 'declared', jvp: ([x], _y, [t]) => product(t, product(square(x), number(3))) })

  test('the rule replaces the derivative, in both modes and in all orders', () => {
    const x = number(2)
    expect(numbers(declared(x))).toEqual([4])
    expect(numbers(jvp(declared, x, one).tangent)).toEqual([12])
    expect(numbers(grad((p: Vector) => declared(p))(x))).toEqual([12])
    expect(numbers(vjp((p: Vector) => declared(p))(x).pullback(number(2)))).toEqual([24])
    expect(numbers(grad(grad((p: Vector) => declared(p)))(x))).toEqual([12])
    expect(numbers(hvp((p: Vector) => declared(p), x, one))).toEqual([12])
    expect(numbers(jvp((p: Vector) => jvp(declared, p, one).tangent, x, one).tangent)).toEqual([12])
    expect(numbers(grad((p: Vector): Vector => jvp(declared, p, one).tangent)(x))).toEqual([12])
    expect(numbers(linearize(declared)(x).pushforward(number(3)))).toEqual([36])
  })

  test('several operands and results of several shapes, trees among them; null and undefined are zero', () => {
    interface Layer {
      readonly w: Vector
      readonly unused: readonly [Vector]
    }
    const f = customJvp(
      (x: Vector, { w }: Layer, label: Tensor<Shape, 'i32'>) => ({ y: bind('matmul', {}, x, w) as Vector, label, norm: total(square(w)) as Vector }),
      {
        name: 'f',
        jvp: ([x, { w }], _results, [dx, { w: dw }, dLabel]) => {
          expect([dLabel.dtype, dLabel.shape]).toEqual(['i32', [1]])
          return { y: plus(bind('matmul', {}, dx, w), bind('matmul', {}, x, dw)), label: null, norm: null }
        }
      }
    )
    const label = constant(hostValue('i32', [1], Int32Array.of(7))) as Tensor<Shape, 'i32'>
    const at = { x: generated([4, 3], (k) => Math.sin(k)), layer: { w: generated([3, 2], (k) => Math.cos(k)), unused: [number(1)] as const } }
    type At = typeof at
    const own = (p: At): Vector => bind('matmul', {}, p.x, p.layer.w) as Vector
    const direction: At = { x: generated([4, 3], (k) => k), layer: { w: generated([3, 2], (k) => -k), unused: [number(5)] } }
    const { tangent } = jvp((p: At) => f(p.x, p.layer, label), at, direction)
    expect(numbers(tangent.y)).toEqual(numbers(jvp(own, at, direction).tangent))
    expect([tangent.label, numbers(tangent.norm)]).toEqual([null, [0]])
    const gradient = grad((p: At) => total(square(f(p.x, p.layer, label).y)))(at)
    const expected = grad((p: At) => total(square(own(p))))(at)
    expect([numbers(gradient.x), numbers(gradient.layer.w)]).toEqual([numbers(expected.x), numbers(expected.layer.w)])
    expect(numbers(gradient.layer.unused[0])).toEqual([0])
    const nothing = customJvp((x: Vector) => square(x), { name: 'nothing', jvp: () => undefined })
    expect([numbers(jvp(nothing, one, one).tangent), numbers(grad((p: Vector) => plus(p, nothing(p)))(one))]).toEqual([[0], [1]])
  })

  test('rules may use whatever is linear: sums, products, shapes, indices, selections, calls, conditionals, barriers', () => {
    const rules: readonly (readonly [string, (x: Vector, t: Vector) => Vector])[] = [
      ['sum and difference', (x, t) => minus(plus(t, product(t, x)), bind('neg', {}, t))],
      ['quotient', (x, t) => bind('div', {}, t, x) as Vector],
      ['shapes', (_x, t) => bind('reverse', { axes: [0] }, bind('reshape', { shape: [3] }, bind('broadcastTo', { shape: [1, 3] }, t))) as Vector],
      ['padding', (_x, t) => bind('slice', { start: [1], limit: [4], stride: [1] }, bind('pad', { low: [2], high: [0], interior: [0], value: 0 }, t)) as Vector],
      ['joined with zeros', (_x, t) => bind('slice', { start: [1], limit: [4], stride: [1] }, bind('concatenate', { axis: 0 }, tensor([1], [0]), t)) as Vector],
      ['selection against zero', (x, t) => bind('select', {}, bind('less', {}, number(0), x), t, number(0)) as Vector],
      ['selection of both', (x, t) => bind('select', {}, bind('less', {}, number(0), x), t, product(t, x)) as Vector],
      ['indices', (_x, t) => bind('gather', { axis: 0, batchDims: 0 }, t, constant(hostValue('i32', [3], Int32Array.of(2, 2, 0)))) as Vector],
      ['a product with a matrix', (_x, t) => total(bind('matmul', {}, bind('reshape', { shape: [1, 3] }, t), generated([3, 2], (k) => k + 1)) as Vector)],
      ['a call', (x, t) => {
        const [p, q] = [placeholder('p', x), placeholder('q', t)]
        return bind('call', { name: 'inner', graph: graphOf([p, q], [product(sine(p), q)]) }, x, t) as Vector
      }],
      ['a checkpoint', (x, t) => checkpoint((p: Vector, q: Vector) => product(sine(p), q))(x, t)],
      ['a conditional', (x, t) =>
        cond(constant(hostValue('i32', [], Int32Array.of(0))) as Tensor<readonly [], 'i32'>,
          [({ p, q }: { readonly p: Vector; readonly q: Vector }) => product(sine(p), q), ({ q }: { readonly p: Vector; readonly q: Vector }) => q], { p: x, q: t })],
      ['a loop', (x, t) => {
        const [p, q] = [placeholder('p', x), placeholder('q', t)]
        const body = graphOf([p, q], [product(sine(p), q), q])
        return bind('scan', { body, constants: 1, carries: 1, length: 3, reverse: false }, x, t) as Vector
      }],
      ['a barrier', (x, t) => bindAll('barrier', {}, product(x, t), t)[0] as Vector]
    ]
    for (const [name, rule] of rules) {
      const f = customJvp((x: Vector) => product(x, total(x)), { name, jvp: ([x], y, [t]) => bind('broadcastTo', { shape: y.shape }, rule(x, t)) as Vector })
      const x = tensor([3], [0.5, -1.5, 2])
      const [u, v] = [tensor([3], [1, -2, 0.5]), tensor([3], [0.3, 2, -1])]
      const forward = numbers(jvp(f, x, v).tangent).map((t, k) => t * (numbers(u)[k] ?? NaN))
      const reverse = numbers(vjp(f)(x).pullback(u)).map((c, k) => c * (numbers(v)[k] ?? NaN))
      const [a, b] = [forward, reverse].map((terms) => terms.reduce((sum, term) => sum + term, 0))
      expect([name, a]).toEqual([name, expect.closeTo(b ?? NaN, 12)])
      expect([name, a === 0]).toEqual([name, false])
    }
  })

  test('the cost of a chain is linear in reverse mode too', () => {
    const step = customJvp((x: Vector) => sine(x), { name: 'step', jvp: ([x], _y, [t]) => product(t, cosine(x)) })
    const size = (length: number): number => {
      const chain = (x: Vector): Vector => {
        let y = x
        for (let k = 0; k < length; k++) y = step(y)
        return y
      }
      return Object.values(countNodes(grad(chain)(one))).reduce((a, b) => a + b)
    }
    expect(size(1000)).toBeLessThan(size(100) * 10.5)
  })

  test('what the rule declares about the point stays in higher orders', () => {
    const frozen = customJvp((x: Vector) => cube(x), { name: 'frozen', jvp: ([x], _y, [t]) => product(t, stopGradient(square(x))) })
    expect(numbers(grad((p: Vector) => frozen(p))(number(3)))).toEqual([9])
    expect(numbers(grad((p: Vector) => plus(p, grad((q: Vector) => frozen(q))(p)))(number(3)))).toEqual([1])
  })

  test('the transpose of a linear map is the map’s own, whatever derivative is declared on the way', () => {
    const clipped = customVjp((t: Vector) => t, { name: 'clipped', vjp: (_t, _y, c) => [bind('minimum', {}, c, number(0))] })
    for (const through of [stopGradient, clipped, checkpoint((t: Vector) => stopGradient(t))]) {
      const f = customJvp((x: Vector) => square(x), { name: 'f', jvp: ([x], _y, [t]) => product(through(t), x) })
      expect(numbers(grad((p: Vector) => f(p))(number(5)))).toEqual([5])
    }
  })

  test('a rule that is not linear serves forward mode, and is an error under the call’s name in reverse mode', () => {
    const wrong: readonly (readonly [(x: Vector, t: Vector) => Vector, string])[] = [
      [(_x, t) => square(t), 'mul'],
      [(x, t) => plus(x, t), 'add'],
      [(x, t) => bind('maximum', {}, t, x) as Vector, 'maximum'],
      [(x, t) => bind('select', {}, bind('less', {}, t, x), t, number(0)) as Vector, 'less'],
      [(_x, t) => bind('pad', { low: [], high: [], interior: [], value: 1 }, bind('abs', {}, t)) as Vector, 'abs'],
      [(x) => x, 'does not depend'],
      [(x, t) => checkpoint((p: Vector, q: Vector) => plus(p, q))(x, t), 'add']
    ]
    for (const [rule, culprit] of wrong) {
      const f = customJvp((x: Vector) => sine(x), { name: 'bent', jvp: ([x], _y, [t]) => rule(x, t) })
      expect(numbers(jvp(f, one, number(3)).tangent)).toEqual(numbers(rule(one, number(3))))
      const attempt = (): Vector => grad((p: Vector) => f(p))(one)
      expect(attempt).toThrow(DerivativeError)
      expect(attempt).toThrow('bent: jvp: expected a rule that is linear in the tangents')
      expect(attempt).toThrow(culprit)
    }
  })

  test('answers that do not fit are errors under the call’s name', () => {
    const answers = (answer: unknown) => customJvp((x: Vector) => ({ y: x }), { name: 'wrong', jvp: () => answer as { readonly y: Vector } })
    const x = tensor([2], [1, 2])
    const attempt = (answer: unknown) => () => jvp(answers(answer), x, x)
    expect(attempt({ z: x })).toThrow('wrong: jvp: tangents: expected a record of y, found a record of z')
    expect(attempt({ y: one })).toThrow('wrong: jvp: tangents.y: expected [2], found []')
    const single = (answer: Tensor) => customJvp((p: Vector) => p, { name: 'single', jvp: () => answer })
    expect(() => jvp(single(one), x, x)).toThrow('single: jvp, tangent of result 0: expected [2], found []')
    expect(() => jvp(single(bind('cast', { dtype: 'i32' }, x)), x, x)).toThrow('single: jvp, tangent of result 0: expected f32, found i32')
  })

  test('a captured placeholder is refused', () => {
    const outer = placeholder('outer', { shape: [], dtype: 'f32' })
    expect(() => customJvp((x: Vector) => product(x, outer), { name: 'f', jvp: () => undefined })(one)).toThrow(ReferenceError)
  })

  test('vmap batches the rule, for operands that are batched and that are shared, in both modes', () => {
    const f = customJvp((x: Vector, s: Vector) => product(square(x), s), { name: 'f', jvp: ([x, s], _y, [dx, ds]) => plus(product(dx, product(cube(x), s)), product(ds, x)) })
    const row = (x: Vector, k: number): Vector => bind('reshape', { shape: [3] }, bind('slice', { start: [k, 0], limit: [k + 1, 3], stride: [1, 1] }, x)) as Vector
    const [xs, s] = [generated([4, 3], (k) => Math.sin(k + 1)), tensor([3], [1, -2, 0.5])]
    const [dxs, ds] = [generated([4, 3], (k) => Math.cos(k)), tensor([3], [0.1, 0.2, 0.3])]
    const many = vmap(f, { inAxes: [0, null] })
    type Both = { readonly xs: Vector; readonly s: Vector }
    const close = (values: readonly number[]) => values.map((x) => expect.closeTo(x, 12))
    const tangent = jvp((p: Both) => many(p.xs, p.s) as Vector, { xs, s }, { xs: dxs, s: ds }).tangent
    const rows = [0, 1, 2, 3].flatMap((k) => numbers(jvp((p: Both) => f(p.xs, p.s), { xs: row(xs, k), s }, { xs: row(dxs, k), s: ds }).tangent))
    expect(numbers(tangent)).toEqual(close(rows))
    const gradient = grad((p: Both) => total(sine(many(p.xs, p.s) as Vector)))({ xs, s })
    const each = [0, 1, 2, 3].map((k) => grad((p: Both) => total(sine(f(p.xs, p.s))))({ xs: row(xs, k), s }))
    expect(numbers(gradient.xs)).toEqual(close(each.flatMap((p) => numbers(p.xs))))
    expect(numbers(gradient.s)).toEqual(close([0, 1, 2].map((j) => each.reduce((sum, p) => sum + (numbers(p.s)[j] ?? NaN), 0))))
  })
})

describe('customVjp in forward mode', () => {
  test('a rule that is linear in the cotangents is transposed', () => {
    const f = customVjp((x: Vector, a: Vector) => ({ y: bind('matmul', {}, x, a) as Vector, z: total(x) as Vector }), {
      name: 'f',
      vjp: ([x, a], _results, { y, z }) => [
        plus(bind('matmul', {}, y, bind('transpose', { permutation: [1, 0] }, a)), z),
        product(bind('matmul', {}, bind('transpose', { permutation: [1, 0] }, x), y), number(2))
      ]
    })
    const at = { x: generated([2, 3], (k) => Math.sin(k)), a: generated([3, 2], (k) => Math.cos(k)) }
    type At = typeof at
    const direction: At = { x: generated([2, 3], (k) => k), a: generated([3, 2], (k) => 1 - k) }
    const own = (p: At): Vector => bind('matmul', {}, p.x, p.a) as Vector
    const { tangent } = jvp((p: At) => f(p.x, p.a), at, direction)
    // The declared derivative in `a` is twice the function's own.
    const expected = numbers(plus(jvp(own, at, direction).tangent, jvp(own, at, { x: tensor([2, 3], [0, 0, 0, 0, 0, 0]), a: direction.a }).tangent))
    expect(numbers(tangent.y)).toEqual(expected.map((x) => expect.closeTo(x, 12)))
    expect(numbers(tangent.z)).toEqual([15])
  })

  test('of every order, and read from its results', () => {
    const exponential = customVjp((x: Vector) => bind('exp', {}, x) as Vector, { name: 'exponential', vjp: (_x, y, c) => [product(c, y)] })
    const x = tensor([2], [0.5, -1])
    const direction = tensor([2], [2, 3])
    const plain = (p: Vector): Vector => bind('exp', {}, p) as Vector
    const close = (values: readonly number[]) => values.map((value) => expect.closeTo(value, 12))
    const loss = (f: (p: Vector) => Vector) => (p: Vector) => total(square(f(p)))
    expect(numbers(jvp(exponential, x, direction).tangent)).toEqual(close(numbers(jvp(plain, x, direction).tangent)))
    expect(numbers(hvp(loss(exponential), x, direction))).toEqual(close(numbers(hvp(loss(plain), x, direction))))
    const second = (f: (p: Vector) => Vector) => jvp((p: Vector) => jvp(f, p, direction).tangent, x, direction).tangent
    expect(numbers(second(exponential))).toEqual(close(numbers(second(plain))))
  })

  test('operands that the rule answers nothing for stand still', () => {
    const f = customVjp((x: Vector, y: Vector) => product(x, y), { name: 'f', vjp: ([, y], _z, c) => [product(c, y), undefined] })
    const both = jvp((p: readonly [Vector, Vector]) => f(...p), [number(2), number(3)], [number(10), number(100)])
    expect(numbers(both.tangent)).toEqual([30])
  })

  test('a rule that is not linear is an error that names the call and says what to do', () => {
    const limited = customVjp((x: Vector) => x, { name: 'limited', vjp: (_x, _y, c) => [bind('minimum', {}, c, number(1))] })
    const attempt = () => jvp(limited, one, one)
    expect(attempt).toThrow(DerivativeError)
    expect(attempt).toThrow(
      'limited: vjp: expected a rule that is linear in the cotangents, so that it has a transpose, found minimum of the cotangents; give customVjp a jvp beside its vjp'
    )
  })

  test('a jvp beside the vjp is what forward mode uses', () => {
    const limited = customVjp((x: Vector) => x, {
      name: 'limited',
      vjp: (_x, _y, c) => [bind('minimum', {}, c, number(1))],
      jvp: (_x, _y, [t]) => product(t, number(7))
    })
    expect(numbers(jvp(limited, one, number(2)).tangent)).toEqual([14])
    expect(numbers(vjp(limited)(one).pullback(number(2)))).toEqual([1])
    const many = vmap(limited)
    expect(numbers(jvp((x: Vector) => many(x) as Vector, tensor([2], [1, 2]), tensor([2], [1, 3])).tangent)).toEqual([7, 21])
  })

  test('the cost of a chain of calls is linear', () => {
    const step = customVjp((x: Vector) => sine(x), { name: 'step', vjp: ([x], _y, c) => [product(c, cosine(x))] })
    const size = (length: number): number => {
      const chain = (x: Vector): Vector => {
        let y = x
        for (let k = 0; k < length; k++) y = step(y)
        return y
      }
      return Object.values(countNodes(jvp(chain, one, one).tangent)).reduce((a, b) => a + b)
    }
    expect(size(2000)).toBeLessThan(size(200) * 10.5)
  })
})
