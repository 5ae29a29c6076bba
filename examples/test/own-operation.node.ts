import assert from 'node:assert/strict'
import { test } from 'node:test'
import { checkGradients } from '@tabula/autodiff/testing'
import { floats } from '@tabula/tensor'
import { smoothL1 } from '../src/smooth-l1.js'

test("smooth L1: derivatives of both orders, and the kink's neighbours", () => {
  const at = { errors: floats([2, 2], [0.3, 1, -2, 0.5]), shift: floats([2], [0.1, 0]) }
  const outcome = checkGradients(({ errors, shift }) => smoothL1(errors, shift), { at, orders: 2 })
  assert.equal(outcome._tag, 'Right', outcome._tag === 'Left' ? outcome.left.message : '')
})
