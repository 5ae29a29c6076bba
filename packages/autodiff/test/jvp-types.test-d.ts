import { describe, expectTypeOf, test } from 'vitest'
import type { Shape, Tensor } from '@tabula/tensor'
import { customJvp, customVjp, hvp, jvp, linearize } from '../src/index.js'
import type { DirectionOf, Loss, TangentsOf } from '../src/index.js'

type Weights = Tensor<readonly [3, 'C'], 'f32'>
type Labels = Tensor<readonly [3], 'i32'>
interface Parameters {
  readonly w: Weights
  readonly layers: readonly [{ readonly b: Tensor<readonly ['C'], 'f32'> }, null]
}
interface Result {
  readonly y: Weights
  readonly label: Labels
  readonly more: readonly [Loss, undefined]
}
declare const parameters: Parameters
declare const labels: Labels
declare const f: (p: Parameters, labels: Labels) => Result
declare const loss: (p: Parameters, labels: Labels) => Loss

describe('jvp, linearize and hvp keep the types of trees', () => {
  test('tangents have the result’s type, null for integers', () => {
    const { value, tangent } = jvp(f, parameters, parameters, labels)
    expectTypeOf(value).toEqualTypeOf<Result>()
    expectTypeOf(tangent).toEqualTypeOf<{ readonly y: Weights; readonly label: null; readonly more: readonly [Loss, undefined] }>()
    expectTypeOf<TangentsOf<Tensor>>().toEqualTypeOf<Tensor | null>()
    expectTypeOf<TangentsOf<Tensor<Shape, 'f32'>>>().toEqualTypeOf<Tensor<Shape, 'f32'>>()
  })

  test('null is a zero direction', () => {
    jvp(f, parameters, { w: null, layers: [{ b: null }, null] }, labels)
    expectTypeOf<DirectionOf<Parameters>['w']>().toEqualTypeOf<Weights | null>()
    const { pushforward } = linearize(f)(parameters, labels)
    expectTypeOf(pushforward({ w: parameters.w, layers: [{ b: null }, null] })).toEqualTypeOf<TangentsOf<Result>>()
  })

  test('hvp answers the parameters’ type', () => {
    expectTypeOf(hvp(loss, parameters, parameters, labels)).toEqualTypeOf<Parameters>()
    expectTypeOf(hvp(loss, parameters, { w: parameters.w, layers: [{ b: null }, null] }, labels)).toEqualTypeOf<Parameters>()
  })

  test('generic functions may pass a point as its own direction', () => {
    const along = <P>(g: (p: P) => Weights, p: P): Weights => jvp(g, p, p).tangent
    expectTypeOf(along).returns.toEqualTypeOf<Weights>()
  })

  test('a direction of another structure does not compile', () => {
    // @ts-expect-error w is missing
    jvp(f, parameters, { layers: [{ b: null }, null] }, labels)
    // @ts-expect-error an integer direction
    jvp(f, parameters, { w: labels, layers: [{ b: null }, null] }, labels)
    // @ts-expect-error the further argument is missing
    jvp(f, parameters, parameters)
    // @ts-expect-error hvp of something else than one number
    hvp((p: Parameters) => p.w, parameters, parameters)
  })
})

describe('customJvp', () => {
  test('keeps signatures, and its rule knows them', () => {
    const custom = customJvp((a: Weights, p: Parameters) => ({ y: a, w: p.w }), {
      name: 'pair',
      jvp: ([a, p], { y }, [da, dp]) => {
        expectTypeOf([a, da, y]).toEqualTypeOf<Weights[]>()
        expectTypeOf([p, dp]).toEqualTypeOf<Parameters[]>()
        return { y: da, w: null }
      }
    })
    expectTypeOf(custom).toEqualTypeOf<(a: Weights, p: Parameters) => { y: Weights; w: Weights }>()
    // @ts-expect-error w has no tangent
    customJvp((a: Weights, p: Parameters) => ({ y: a, w: p.w }), { name: 'pair', jvp: ([, ,], _y, [da]) => ({ y: da }) })
  })

  test('may stand beside a vjp', () => {
    customVjp((a: Weights) => a, { name: 'both', vjp: (_a, _y, c) => [c], jvp: (_a, _y, [t]) => t })
    // @ts-expect-error a string is no tangent
    customVjp((a: Weights) => a, { name: 'both', vjp: (_a, _y, c) => [c], jvp: () => 'zero' })
  })
})
