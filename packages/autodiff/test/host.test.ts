import { describe, expect, test } from 'vitest'
import { add, bindAll, cast, DerivativeError, floats, graphOf, host, integers, mul, placeholder, total } from '@tabula/tensor'
import type { HostValue, Shape, Tensor } from '@tabula/tensor'
import { customVjp, grad, jvp, scan, stopGradient, vmap } from '../src/index.js'
import { numbers, tensor } from './support/run.js'

type Real = Tensor<Shape, 'f32'>
type Loss = Tensor<readonly [], 'f32'>

/** Of one example: its elements in reverse order. */
const turned = host({ name: 'turned', outputs: [{ shape: [2], dtype: 'f32' }], run: ([x]: readonly [HostValue<'f32'>]) => [floats([2], Array.from(x.data).reverse())] })
const turn = (x: Real): Real => turned([x])[0]
/** How many elements are positive. */
const positives = host({ name: 'positives', outputs: [{ shape: [], dtype: 'i32' }], run: ([x]: readonly [HostValue<'f32'>]) => [integers([], [Array.from(x.data).filter((e) => e > 0).length])] })

const x = tensor([2], [3, -1])

const refused = (f: () => unknown): readonly string[] => {
  try {
    f()
  } catch (thrown) {
    if (thrown instanceof DerivativeError) return thrown.path
    throw thrown
  }
  throw new Error('expected a DerivativeError')
}

describe('a host function', () => {
  test('computes', () => expect(numbers(turn(mul(x, 2) as Real))).toEqual([-2, 6]))

  test('has no derivative, in neither mode, and the error names the way', () => {
    const f = (y: Real) => total(mul(turn(y), 2)) as Loss
    const path = ['loss', 'reduceSum', 'mul', 'host function "turned"', 'parameters']
    expect(refused(() => grad(f)(x))).toEqual(path)
    expect(refused(() => jvp(f, x, x)).slice(1)).toEqual(path.slice(1))
    expect(() => grad(f)(x)).toThrow('found loss ← reduceSum ← mul ← host function "turned" ← parameters, and host function "turned" has no derivative')
  })

  test('is refused beside ways that have a derivative, within a loop or a branch too', () => {
    expect(refused(() => grad((y: Real) => total(add(turn(y), mul(y, y))) as Loss)(x))).toContain('host function "turned"')
    const loop = (y: Real) => total(scan((h: Real) => [add(mul(h, 0.5), turn(h)) as Real, null], y, null, { length: 2 })[0]) as Loss
    expect(refused(() => grad(loop)(x))).toContain('host function "turned"')
    const operand = placeholder('y', { shape: [2], dtype: 'f32' }) as Real
    const branches = [graphOf([operand], [turn(operand)]), graphOf([operand], [mul(operand, 2)])]
    const index = cast('i32')(tensor([], [1]))
    expect(refused(() => grad((y: Real) => total(bindAll('cond', { branches }, index, y)[0] as Real) as Loss)(x))).toContain('host function "turned"')
  })

  test('that stopGradient or a rule stands before is no obstacle, nor is one whose integers choose', () => {
    expect(numbers(grad((y: Real) => total(mul(y, stopGradient(turn(y)))) as Loss)(x))).toEqual([-1, 3])
    const ruled = customVjp((y: Real) => turn(y), { name: 'ruled', vjp: (_operands, _result, c) => [turn(c)] })
    expect(numbers(grad((y: Real) => total(mul(ruled(y), tensor([2], [1, 10]))) as Loss)(x))).toEqual([10, 1])
    expect(numbers(grad((y: Real) => total(mul(y, cast('f32')(positives([y])[0]))) as Loss)(x))).toEqual([1, 1])
  })

  test('runs once for each example of a batch, in one node', () => {
    const many = tensor([3, 2], [1, 2, 3, 4, 5, 6])
    const found = vmap((y: Real, z: Real) => turn(add(y, z) as Real), { inAxes: [0, null] })(many as never, x as never) as Tensor
    expect(numbers(found)).toEqual([1, 4, 3, 6, 5, 8])
  })
})
