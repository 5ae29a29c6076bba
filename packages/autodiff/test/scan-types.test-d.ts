import { describe, expectTypeOf, test } from 'vitest'
import { cast, mul } from '@tabula/tensor'
import type { Shape, Tensor } from '@tabula/tensor'
import { scan } from '../src/index.js'
import type { SliceOf, StackOf } from '../src/index.js'

declare const h: Tensor<readonly ['N', 3], 'f32'>
declare const xs: Tensor<readonly [5, 'N', 3], 'f32'>
declare const steps: Tensor<readonly [5], 'i32'>

describe('types of scan', () => {
  test('a slice lacks the leading axis, stacked answers have one more', () => {
    expectTypeOf<SliceOf<{ readonly x: typeof xs; readonly k: typeof steps; readonly none: null }>>().toEqualTypeOf<{
      readonly x: Tensor<readonly ['N', 3], 'f32'>
      readonly k: Tensor<readonly [], 'i32'>
      readonly none: null
    }>()
    expectTypeOf<SliceOf<Tensor<Shape, 'f32'>>>().toEqualTypeOf<Tensor<Shape, 'f32'>>()
    expectTypeOf<StackOf<readonly [typeof h, Tensor<Shape, 'bool'>]>>().toEqualTypeOf<
      readonly [Tensor<readonly [number, 'N', 3], 'f32'>, Tensor<Shape, 'bool'>]
    >()
  })

  test('the carry keeps its type, and the answers are stacked', () => {
    const [carry, answers] = scan((state: typeof h, { x, k }) => [state, { product: mul(state, x), k }] as const, h, { x: xs, k: steps })
    expectTypeOf(carry).toEqualTypeOf<typeof h>()
    expectTypeOf(answers.product).toEqualTypeOf<Tensor<readonly [number, 'N', 3], 'f32'>>()
    expectTypeOf(answers.k).toEqualTypeOf<Tensor<readonly [number], 'i32'>>()
  })

  test('a carry of another type does not compile', () => {
    // @ts-expect-error the next carry is an integer
    scan((state: typeof h) => [cast('i32')(state), null] as const, h, null, { length: 2 })
    // @ts-expect-error a tensor is not a record
    scan((state: { readonly a: typeof h }) => [state.a, null] as const, { a: h }, null, { length: 2 })
  })
})
