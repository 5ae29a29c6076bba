import { describe, expect, test } from 'vitest'
import fc from 'fast-check'
import { bind, DtypeError, graphOf, hostValue, matmul, placeholder, sizeOf, TreeError, total } from '@tabula/tensor'
import type { HostValue, Shape, Sizes, Tensor } from '@tabula/tensor'
import { evaluate } from '@tabula/tensor/reference'
import { either as E } from 'fp-ts'
import { checkpoint, customVjp, grad, hessian, hvp, jacobian, jvp, vmap } from '../src/index.js'
import { differentiableInstances } from '../src/testing/index.js'
import type { Instance } from '../src/testing/index.js'
import { constantOf } from './support/batches.js'
import { countNodes, generated, numbers, run, tensor } from './support/run.js'

type Vector = Tensor<Shape, 'f32'>
const product = (a: Tensor, b: Tensor): Vector => bind('mul', {}, a, b) as Vector
const sine = (x: Tensor): Vector => bind('sin', {}, x) as Vector
const wave = (shape: Sizes): Vector => generated(shape, (index) => Math.sin(1 + 1.7 * index))

const expectClose = (found: readonly number[], expected: readonly number[], digits = 10): void => {
  expect(found.length).toBe(expected.length)
  found.forEach((x, index) => expect(x).toBeCloseTo(expected[index] ?? NaN, digits))
}

interface Parameters {
  readonly w: Vector
  readonly layers: readonly [{ readonly b: Vector }, null]
}
const parameters: Parameters = { w: wave([2, 3]), layers: [{ b: wave([3]) }, null] }
const f = ({ w, layers: [{ b }] }: Parameters, x: Vector): { readonly y: Vector; readonly norm: readonly [Vector] } => {
  const y = sine(bind('add', {}, matmul(x, w), b))
  return { y, norm: [total(product(y, y))] }
}
const x = wave([4, 2])

describe('jacobian', () => {
  test('a tree of derivatives in the place of each result, the same in both modes', () => {
    const reverse = jacobian(f)(parameters, x)
    const forward = jacobian(f, { mode: 'forward' })(parameters, x)
    expect([reverse.y.w.shape, reverse.y.layers[0].b.shape, reverse.norm[0].w.shape, reverse.norm[0].layers[0].b.shape]).toEqual([[4, 3, 2, 3], [4, 3, 3], [2, 3], [3]])
    expect(reverse.y.layers[1]).toBeNull()
    const [a, b] = [run(reverse), run(forward)]
    expect(a.map(({ shape }) => shape)).toEqual(b.map(({ shape }) => shape))
    a.forEach(({ data }, index) => expectClose(Array.from(data), Array.from(b[index]?.data ?? [])))
    expectClose(numbers(reverse.norm[0].w), numbers(grad((p: Parameters) => f(p, x).norm[0])(parameters).w))
  })

  test('of a linear map it is the map', () => {
    const w = wave([3, 4])
    const apply = (v: Vector): Vector => bind('reshape', { shape: [3] }, matmul(w, bind('reshape', { shape: [4, 1] }, v) as Vector)) as Vector
    for (const mode of ['forward', 'reverse'] as const) expectClose(numbers(jacobian(apply, { mode })(wave([4]))), numbers(w))
  })

  test('zeros where a result does not rest on a parameter; no rows and no columns', () => {
    const g = ({ a, b }: { readonly a: Vector; readonly b: Vector }) => [sine(a), product(b, b)] as const
    for (const mode of ['forward', 'reverse'] as const) {
      const [ofA, ofB] = jacobian(g, { mode })({ a: wave([2]), b: wave([0]) })
      expect([ofA.a.shape, ofA.b.shape, ofB.a.shape, ofB.b.shape]).toEqual([[2, 2], [2, 0], [0, 2], [0, 0]])
      const [, separate] = jacobian(g, { mode })({ a: wave([2]), b: wave([1]) })
      expect(numbers(separate.a)).toEqual([0, 0])
    }
  })

  test('composes: per example, of checkpoints and custom rules, of a Jacobian', () => {
    const rows = vmap((row: Vector) => jacobian((v: Vector) => sine(product(v, v)))(row))(wave([3, 2]))
    const diagonal = (v: number): number => 2 * v * Math.cos(v * v)
    const at = numbers(wave([3, 2]))
    expectClose(numbers(rows), [0, 1, 2].flatMap((k) => [diagonal(at[2 * k] ?? 0), 0, 0, diagonal(at[2 * k + 1] ?? 0)]))
    const tripled = customVjp((v: Vector) => sine(v), { name: 'tripled', vjp: (_operands, _y, c) => [product(c, tensor([], [3]))] })
    for (const mode of ['forward', 'reverse'] as const) {
      expectClose(numbers(jacobian((v: Vector) => checkpoint(sine)(tripled(v)), { mode })(wave([2]))), [3 * Math.cos(Math.sin(Math.sin(1))), 0, 0, 3 * Math.cos(Math.sin(Math.sin(2.7)))])
    }
    const second = jacobian(jacobian((v: Vector) => product(v, product(v, v))), { mode: 'forward' })(wave([2]))
    expect(second.shape).toEqual([2, 2, 2])
    expectClose(numbers(second), [6 * (at[0] ?? 0), 0, 0, 0, 0, 0, 0, 6 * (at[1] ?? 0)])
  })

  test('f is called once, and evaluated once for all rows', () => {
    let calls = 0
    const counted = (v: Vector): Vector => {
      calls++
      return sine(v)
    }
    expect(countNodes(jacobian(counted)(wave([5])))['cos']).toBe(1)
    expect(countNodes(jacobian(counted, { mode: 'forward' })(wave([5])))['cos']).toBe(1)
    expect(calls).toBe(2)
  })

  test('what has no derivative is refused by name', () => {
    const indices = constantOf(hostValue('i32', [2], Int32Array.of(0, 1))) as Tensor<Shape, 'i32'>
    expect(() => jacobian((v: Vector) => ({ y: v, index: [indices] }))(wave([2]))).toThrow(DtypeError)
    expect(() => jacobian((v: Vector) => ({ y: v, index: [indices] }), { mode: 'forward' })(wave([2]))).toThrow('jacobian: result.index.0: expected f32')
    expect(() => jacobian((p: { readonly n: Tensor<Shape, 'i32'> }) => bind('cast', { dtype: 'f32' }, p.n) as Vector)({ n: indices })).toThrow('jacobian: parameters.n')
    expect(() => jacobian((v: Vector) => [v, 3])(wave([2]))).toThrow(TreeError)
    const chosen = (v: Vector): Vector => bind('cast', { dtype: 'f32' }, bind('argmax', { axis: 0 }, v)) as Vector
    for (const mode of ['forward', 'reverse'] as const) expect(() => jacobian(chosen, { mode })(wave([2]))).toThrow('argmax')
  })
})

describe('hessian', () => {
  const loss = (p: Parameters): Tensor<readonly [], 'f32'> => total(product(f(p, x).y, wave([4, 3]))) as Tensor<readonly [], 'f32'>

  test('symmetric, block by block, and the derivative of the gradient', () => {
    const found = hessian(loss)(parameters)
    expect([found.w.w.shape, found.w.layers[0].b.shape, found.layers[0].b.w.shape]).toEqual([[2, 3, 2, 3], [2, 3, 3], [3, 2, 3]])
    const transposed = (t: Tensor, rows: number): readonly number[] => {
      const values = numbers(t)
      const columns = values.length / rows
      return Array.from({ length: values.length }, (_, k) => values[(k % rows) * columns + Math.floor(k / rows)] ?? NaN)
    }
    expectClose(numbers(found.w.w), transposed(found.w.w, 6))
    expectClose(numbers(found.layers[0].b.w), transposed(found.w.layers[0].b, 6))
    const rows = jacobian((p: Parameters) => grad(loss)(p))(parameters)
    expectClose(numbers(found.w.w), numbers(rows.w.w))
    const direction = { w: wave([2, 3]), layers: [{ b: wave([3]) }, null] } as const
    const along = hvp(loss, parameters, direction)
    const inner = bind('add', {}, matmul(bind('reshape', { shape: [6, 6] }, found.w.w) as Vector, bind('reshape', { shape: [6, 1] }, direction.w) as Vector), matmul(bind('reshape', { shape: [6, 3] }, found.w.layers[0].b) as Vector, bind('reshape', { shape: [3, 1] }, direction.layers[0].b) as Vector))
    expectClose(numbers(along.w), numbers(inner))
  })

  test('of a quadratic form, for every example', () => {
    const a = wave([3, 3])
    const form = (v: Vector): Vector => {
      const column = bind('reshape', { shape: [3, 1] }, v) as Vector
      return total(product(column, matmul(a, column)))
    }
    const found = vmap(hessian(form))(wave([2, 3]))
    const expected = numbers(bind('add', {}, a, bind('transpose', { permutation: [1, 0] }, a)))
    expectClose(numbers(found), [...expected, ...expected])
  })
})

/** Central differences of every result in every number of the variables, as `[result, variable]` matrices, one row after another. */
const differences = (instance: Instance, step: number): readonly (readonly number[])[] => {
  const { variables, apply } = instance
  const inputs = variables.map((value, index) => placeholder(`x${index}`, value))
  const outputs = apply(inputs).filter(({ dtype }) => dtype === 'f32')
  const graph = graphOf(inputs, outputs)
  const at = (values: readonly HostValue[]): readonly HostValue[] => {
    const ran = evaluate(graph, values)
    if (E.isLeft(ran)) throw new Error(ran.left.message)
    return ran.right
  }
  const moved = (k: number, element: number, by: number): readonly HostValue[] =>
    variables.map((value, index) => (index === k ? hostValue('f32', value.shape, Float64Array.from(value.data, (number, e) => (e === element ? number + by : number))) : value))
  return outputs.flatMap((output, o) =>
    variables.map(({ data, shape }, k) => {
      const columns = Array.from({ length: sizeOf(shape) }, (_, element) => [at(moved(k, element, step)), at(moved(k, element, -step))].map((ran) => ran[o]?.data ?? data))
      return Array.from({ length: sizeOf(output.shape) }, (_, row) => columns.map(([up, down]) => ((up?.[row] ?? NaN) - (down?.[row] ?? NaN)) / (2 * step))).flat()
    })
  )
}

const smooth = ['sin', 'mul', 'div', 'matmul', 'conv2d', 'conv2dWeightGradient', 'reduceMax', 'gather', 'concatenate', 'topK', 'maxPool2d', 'call', 'cond'] as const

describe('forward and reverse are the central differences, element by element', () => {
  test.each(smooth)('%s', (name) => {
    fc.assert(
      fc.property(differentiableInstances[name] as fc.Arbitrary<Instance>, (instance) => {
        if (instance.variables.reduce((sum, { shape }) => sum + sizeOf(shape), 0) > 60) return
        const at = instance.variables.map((value) => constantOf(value) as Vector)
        const g = (variables: readonly Vector[]): readonly Vector[] => instance.apply(variables).filter((y): y is Vector => y.dtype === 'f32')
        const expected = differences(instance, 1e-5)
        for (const mode of ['forward', 'reverse'] as const) {
          run(jacobian(g, { mode })(at)).forEach(({ data }, index) => expectClose(Array.from(data), expected[index] ?? [], 6))
        }
      }),
      { numRuns: 8, seed: 20181121 }
    )
  })
})

test('jvp of vmap and vmap of jvp', () => {
  const g = (v: Vector): Vector => sine(product(v, v))
  const [p, t] = [wave([3, 2]), generated([3, 2], (index) => Math.cos(index))]
  const whole = jvp((v: Vector) => vmap(g)(v), p, t).tangent
  const each = vmap((v: Vector, direction: Vector) => jvp(g, v, direction).tangent)(p, t)
  expectClose(numbers(whole), numbers(each))
})
