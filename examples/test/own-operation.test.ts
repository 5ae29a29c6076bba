import fc from 'fast-check'
import { expect, test } from 'vitest'
import { checkGradients, checkLaws, tensors } from '@tabula/autodiff/testing'
import { smoothL1 } from '../src/smooth-l1.js'

/** Errors of some rows of some columns, and a shift that they share. */
const points = fc.record({ rows: fc.integer({ min: 1, max: 3 }), columns: fc.integer({ min: 1, max: 4 }) }).chain(({ rows, columns }) => fc.record({ errors: tensors([rows, columns]), shift: tensors([columns]) }))

test('derivatives of both orders, at all points', () => {
  fc.assert(
    fc.property(points, (at) => {
      const outcome = checkGradients(({ errors, shift }) => smoothL1(errors, shift), { at, orders: 2, shrink: false })
      expect(outcome._tag === 'Left' ? outcome.left.message : '').toBe('')
    }),
    { numRuns: 30, seed: 1 }
  )
})

test('laws: derivatives are linear, modes agree, they compose, vmap is the stacked loop', () => {
  fc.assert(
    fc.property(points, (at) => {
      const outcome = checkLaws(({ errors, shift }) => smoothL1(errors, shift), { at, laws: ['vjpLinear', 'jvpLinear', 'modesAgree', 'chainRule', 'productRule', 'vmapLoop'] })
      expect(outcome._tag === 'Left' ? outcome.left.message : '').toBe('')
    }),
    { numRuns: 10, seed: 1 }
  )
})
