import { describe, expectTypeOf, test } from 'vitest'
import type { Shape, Tensor } from '@tabula/tensor'
import { hessian, jacobian } from '../src/index.js'
import type { Loss } from '../src/index.js'

type Weights = Tensor<readonly [3, 'C'], 'f32'>
type Bias = Tensor<readonly ['C'], 'f32'>
interface Parameters {
  readonly w: Weights
  readonly layers: readonly [{ readonly b: Bias }, null]
}
type Rows = Tensor<readonly ['N', 3], 'f32'>
declare const parameters: Parameters
declare const rows: Rows
declare const predict: (p: Parameters, x: Rows) => { readonly y: Tensor<readonly ['N', 'C'], 'f32'>; readonly norm: Loss }
declare const loss: (p: Parameters, x: Rows) => Loss

describe('shapes of derivatives are those of result and parameter, one after the other', () => {
  test('jacobian', () => {
    expectTypeOf(jacobian(predict)(parameters, rows)).toEqualTypeOf<{
      readonly y: {
        readonly w: Tensor<readonly ['N', 'C', 3, 'C'], 'f32'>
        readonly layers: readonly [{ readonly b: Tensor<readonly ['N', 'C', 'C'], 'f32'> }, null]
      }
      readonly norm: {
        readonly w: Tensor<readonly [3, 'C'], 'f32'>
        readonly layers: readonly [{ readonly b: Tensor<readonly ['C'], 'f32'> }, null]
      }
    }>()
    expectTypeOf(jacobian((x: Tensor<Shape, 'f32'>) => x)).returns.toEqualTypeOf<Tensor<Shape, 'f32'>>()
    // @ts-expect-error no such mode
    jacobian(predict, { mode: 'sideways' })
  })

  test('hessian', () => {
    expectTypeOf(hessian(loss)(parameters, rows).w).toEqualTypeOf<{
      readonly w: Tensor<readonly [3, 'C', 3, 'C'], 'f32'>
      readonly layers: readonly [{ readonly b: Tensor<readonly [3, 'C', 'C'], 'f32'> }, null]
    }>()
    // @ts-expect-error grad: the loss must have shape [], found [3,C]
    hessian((p: Parameters) => p.w)
  })
})
