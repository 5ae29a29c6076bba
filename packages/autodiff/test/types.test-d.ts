import { assertType, describe, expectTypeOf, test } from 'vitest'
import { argmax, cast, less } from '@tabula/tensor'
import type { Shape, Tensor } from '@tabula/tensor'
import { checkpoint, customVjp, grad, showProgram, valueAndGrad, valueAndGradWithAux, vjp } from '../src/index.js'
import type { CotangentsOf, JvpRules, Loss, NonDifferentiable, VjpRules } from '../src/index.js'

type Weights = Tensor<readonly [3, 'C'], 'f32'>
interface Parameters {
  readonly w: Weights
  readonly layers: readonly [{ readonly b: Tensor<readonly ['C'], 'f32'> }, null]
}
declare const parameters: Parameters
declare const loss: (p: Parameters) => Loss
declare const rules: VjpRules
declare const forwardRules: JvpRules

describe('the record of rules is total', () => {
  test('leaving a primitive out does not compile', () => {
    const { conv2d: _conv2d, ...others } = rules
    // @ts-expect-error conv2d has no rule
    assertType<VjpRules>(others)
    assertType<VjpRules>({ ...others, conv2d: _conv2d })
  })

  test('a rule of another primitive does not compile', () => {
    // @ts-expect-error a rule of `gather` reads attributes that `slice` has not
    assertType<VjpRules>({ ...rules, slice: ({ attributes: { batchDims } }) => [batchDims] })
  })
})

describe('the record of forward-mode rules is total', () => {
  test('leaving a primitive out does not compile', () => {
    const { matmul: _matmul, ...others } = forwardRules
    // @ts-expect-error matmul has no rule
    assertType<JvpRules>(others)
    assertType<JvpRules>({ ...others, matmul: _matmul })
  })

  test('a rule of another primitive does not compile', () => {
    // @ts-expect-error a rule of `topK` reads attributes that `slice` has not
    assertType<JvpRules>({ ...forwardRules, slice: ({ attributes: { k }, tangents }) => tangents.slice(k) })
    // @ts-expect-error a reason that is none
    assertType<JvpRules>({ ...forwardRules, sin: 'unknown' })
  })
})

describe('trees keep their types', () => {
  test('grad and valueAndGrad answer the parameters’ type', () => {
    expectTypeOf(grad(loss)(parameters)).toEqualTypeOf<Parameters>()
    expectTypeOf(valueAndGrad(loss)(parameters)).toEqualTypeOf<{ readonly value: Loss; readonly gradient: Parameters }>()
    expectTypeOf(grad(grad((x: Loss) => x)))
      .parameter(0)
      .toEqualTypeOf<Loss>()
  })

  test('further arguments keep their types and are not differentiated', () => {
    const step = valueAndGrad((p: Parameters, x: Tensor<readonly ['N'], 'f32'>, labels: Tensor<readonly ['N'], 'i32'>) => {
      assertType<Tensor<readonly ['N'], 'i32'>>(labels)
      return loss({ ...p, w: p.w, ...(x.shape.length === 0 ? {} : {}) })
    })
    expectTypeOf(step).parameters.toEqualTypeOf<[Parameters, Tensor<readonly ['N'], 'f32'>, Tensor<readonly ['N'], 'i32'>]>()
  })

  test('auxiliary results', () => {
    const { auxiliary } = valueAndGradWithAux((p: Parameters) => [loss(p), { norm: p.w }] as const)(parameters)
    expectTypeOf(auxiliary).toEqualTypeOf<{ readonly norm: Weights }>()
  })

  test('vjp: cotangents have the result’s type, null for integers', () => {
    const f = (p: Parameters): { readonly y: Weights; readonly index: Tensor<readonly [3], 'i32'> } => ({
      y: p.w,
      index: index()
    })
    const { value, pullback } = vjp(f)(parameters)
    expectTypeOf(value.y).toEqualTypeOf<Weights>()
    expectTypeOf(pullback).parameter(0).toEqualTypeOf<{ readonly y: Weights | null; readonly index: null }>()
    expectTypeOf(pullback).returns.toEqualTypeOf<Parameters>()
    expectTypeOf<CotangentsOf<Tensor>>().toEqualTypeOf<Tensor | null>()
  })

  test('checkpoint and customVjp keep signatures', () => {
    const block = (x: Weights, p: Parameters): { readonly y: Weights } => ({ y: p === parameters ? x : p.w })
    expectTypeOf(checkpoint(block)).toEqualTypeOf<(x: Weights, p: Parameters) => { readonly y: Weights }>()
    const custom = customVjp((a: Weights, b: Loss) => (b.dtype === 'f32' ? a : a), {
      name: 'first',
      vjp: (_operands, _y, c) => [c, undefined]
    })
    expectTypeOf(custom).toEqualTypeOf<(a: Weights, b: Loss) => Weights>()
    // @ts-expect-error one cotangent for two operands
    customVjp((a: Weights, b: Loss) => (b.dtype === 'f32' ? a : a), { name: 'first', vjp: (_operands, _y, c) => [c] })
  })
})

test('a loss known not to be a scalar does not compile', () => {
  // @ts-expect-error grad: the loss must have shape [], found [3,C]
  grad((p: Parameters) => p.w)
  grad((p: { readonly x: Tensor<Shape, 'f32'> }) => p.x)
  // @ts-expect-error a loss of integers
  grad((p: Parameters) => (p.w.dtype === 'f32' ? index() : index()))
})

describe('primitives without a derivative say so in their types', () => {
  test('which they are', () => {
    expectTypeOf<NonDifferentiable>().toEqualTypeOf<
      'argmax' | 'nms' | 'randomBits' | 'host' | 'not' | 'equal' | 'less' | 'lessEqual' | 'and' | 'or'
    >()
  })

  test('their results are no losses: integers and truth values do not compile where a gradient is wanted', () => {
    const scores = (p: Parameters): Tensor<readonly [3], 'f32'> => (p.w.dtype === 'f32' ? score() : score())
    // @ts-expect-error argmax answers i32
    grad((p: Parameters) => argmax({ axis: 0 })(scores(p)))
    // @ts-expect-error a comparison answers bool
    valueAndGrad((p: Parameters) => less(loss(p), loss(p)))
    // @ts-expect-error a cast to integers
    grad((p: Parameters) => cast('i32')(loss(p)))
    // @ts-expect-error the loss beside auxiliary results too
    valueAndGradWithAux((p: Parameters) => [argmax({ axis: 0 })(scores(p)), null] as const)
    grad((p: Parameters) => cast('f32')(loss(p)))
  })

  test('and have no cotangents', () => {
    const { pullback } = vjp((p: Parameters) => ({ at: argmax({ axis: 0 })(p.w), over: less(loss(p), loss(p)), loss: loss(p) }))(parameters)
    expectTypeOf(pullback).parameter(0).toEqualTypeOf<{ readonly at: null; readonly over: null; readonly loss: Loss | null }>()
    // @ts-expect-error a cotangent for an index
    pullback({ at: index(), over: null, loss: null })
  })
})

describe('showProgram takes shapes of the arguments’ structure', () => {
  test('sizes, or shape and type', () => {
    const f = (p: { readonly w: Weights; readonly at: Tensor<Shape, 'i32'> }) => p.w
    assertType<string>(showProgram(f)({ w: [3, 4], at: { shape: [2], dtype: 'i32' } }))
    assertType<string>(showProgram(grad(loss))({ w: [3, 4], layers: [{ b: { shape: [4], dtype: 'f32' } }, null] }))
    // @ts-expect-error integers are not written as sizes alone
    showProgram(f)({ w: [3, 4], at: [2] })
    // @ts-expect-error a leaf is missing
    showProgram(f)({ w: [3, 4] })
    // @ts-expect-error of another type
    showProgram(f)({ w: { shape: [3, 4], dtype: 'i32' }, at: { shape: [2], dtype: 'i32' } })
  })
})

declare const score: () => Tensor<readonly [3], 'f32'>
declare const index: () => Tensor<readonly [3], 'i32'>
