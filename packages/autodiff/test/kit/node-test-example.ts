import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { add, exp, floats, log, matmul, scalarOf, sub, total } from '@tabula/tensor'
import type { Shape, Tensor } from '@tabula/tensor'
import { checkGradients, checkLaws, matmulShapes, parameterTrees, tensors } from '@tabula/autodiff/testing'

type Real = Tensor<Shape, 'f32'>

/** A loss of one's own: log(1 + e^x), summed. */
const softplus = (x: Real): Real => total(log(add(exp(x), scalarOf('f32', 1))))

test('a loss at one point, to second order', () => {
  const outcome = checkGradients(({ x }) => softplus(x), { at: { x: floats([2, 2], [0.5, -1, 3, 0]) }, orders: 2 })
  assert.equal(outcome._tag, 'Right', outcome._tag === 'Left' ? outcome.left.message : '')
})

test('a layer, for matrices of all shapes that can be multiplied', () => {
  const points = matmulShapes().chain(({ a, b, product }) => fc.record({ x: tensors(a), weights: tensors(b), target: tensors(product) }))
  fc.assert(
    fc.property(points, (at) => {
      const outcome = checkGradients(({ x, weights, target }) => softplus(sub(matmul(x, weights), target)), { at, shrink: false })
      assert.equal(outcome._tag, 'Right')
    }),
    { numRuns: 10, seed: 1 }
  )
})

test('laws, for parameters of any structure', () => {
  fc.assert(
    fc.property(parameterTrees({ maxRank: 2 }), (at) => {
      const outcome = checkLaws<unknown>((parameters) => parameters, { at, laws: ['vjpLinear', 'jvpLinear', 'modesAgree'] })
      assert.equal(outcome._tag, 'Right')
    }),
    { numRuns: 10, seed: 1 }
  )
})
