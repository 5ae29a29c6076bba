import { assertType, describe, expectTypeOf, test } from 'vitest'
import type { Dim, Shape, Tensor } from '@tabula/tensor'
import { grad, vmap } from '../src/index.js'
import type { BatchingRules, Loss } from '../src/index.js'

type Vector = Tensor<readonly [3], 'f32'>
type Matrix = Tensor<readonly ['C', 3], 'f32'>
interface Parameters {
  readonly w: Matrix
  readonly more: readonly [Vector, null]
}
declare const rules: BatchingRules
declare const parameters: Parameters
declare const rows: Tensor<readonly ['N', 3], 'f32'>
declare const columns: Tensor<readonly [3, 'N'], 'f32'>
declare const labels: Tensor<readonly ['N'], 'i32'>
declare const unknown: Tensor<Shape, 'f32'>
declare const apply: (x: Vector) => Matrix
declare const loss: (p: Parameters, x: Vector, label: Tensor<readonly [], 'i32'>) => Loss

describe('the record of rules is total', () => {
  test('leaving a primitive out does not compile', () => {
    const { conv2d: _conv2d, ...others } = rules
    // @ts-expect-error conv2d has no rule
    assertType<BatchingRules>(others)
    assertType<BatchingRules>({ ...others, conv2d: _conv2d })
  })

  test('a rule of another primitive does not compile', () => {
    // @ts-expect-error the rule of `gather` reads attributes that `slice` has not
    assertType<BatchingRules>({ ...rules, slice: rules.gather })
  })
})

describe('the batch is in the types', () => {
  test('in front, where nothing else is said', () => {
    expectTypeOf(vmap(apply)(rows)).toEqualTypeOf<Tensor<readonly ['N', 'C', 3], 'f32'>>()
    expectTypeOf(vmap(loss, { inAxes: [null, 0, 0] })(parameters, rows, labels)).toEqualTypeOf<Tensor<readonly ['N'], 'f32'>>()
  })

  test('at the axes given', () => {
    expectTypeOf(vmap(apply, { inAxes: [1], outAxes: 1 })(columns)).toEqualTypeOf<Tensor<readonly ['C', 'N', 3], 'f32'>>()
    expectTypeOf(vmap(apply, { inAxes: -1, outAxes: -1 })(columns)).toEqualTypeOf<Tensor<readonly ['C', 3, 'N'], 'f32'>>()
    // @ts-expect-error the batch is behind
    vmap(apply, { inAxes: -1 })(rows)
  })

  test('trees keep their types', () => {
    const perExample = vmap(grad(loss), { inAxes: [null, 0, 0] })(parameters, rows, labels)
    expectTypeOf(perExample).toEqualTypeOf<{
      readonly w: Tensor<readonly ['N', 'C', 3], 'f32'>
      readonly more: readonly [Tensor<readonly ['N', 3], 'f32'>, null]
    }>()
    const mixed = vmap((p: Parameters) => p, { inAxes: [{ w: null, more: 0 }], outAxes: { w: null, more: [1, 0] } })
    expectTypeOf(mixed({ w: parameters.w, more: [rows, null] })).toEqualTypeOf<{
      readonly w: Matrix
      readonly more: readonly [Tensor<readonly [3, 'N'], 'f32'>, null]
    }>()
  })

  test('an unknown rank stays unknown', () => {
    expectTypeOf(vmap((x: Tensor<Shape, 'f32'>) => x)(unknown)).toEqualTypeOf<Tensor<Shape, 'f32'>>()
  })

  test('nested', () => {
    const twice = vmap(vmap(apply))
    assertType<Tensor<readonly ['M', Dim, 'C', 3], 'f32'>>(twice({} as Tensor<readonly ['M', 'N', 3], 'f32'>))
  })

  test('sizes that the compiler knows to differ do not compile', () => {
    const dot = (a: Vector, b: Vector): Loss => (a === b ? ({} as Loss) : ({} as Loss))
    // @ts-expect-error 'N' rows and 'M' rows
    vmap(dot)(rows, {} as Tensor<readonly ['M', 3], 'f32'>)
    vmap(dot)(rows, rows)
  })

  test('axes that do not fit the tree do not compile', () => {
    // @ts-expect-error the parameters have no field v
    vmap(loss, { inAxes: [{ v: 0 }, 0, 0] })
    // @ts-expect-error three arguments
    vmap(loss, { inAxes: [null, 0] })
    // @ts-expect-error a tensor has one axis
    vmap(apply, { inAxes: [[0]] })
  })
})
