import { expect, test } from 'vitest'
import { bind, floats, hostValue, integers } from '@tabula/tensor'
import type { Shape, Tensor } from '@tabula/tensor'
import { either as E } from 'fp-ts'
import { customVjp } from '../../src/index.js'
import { checkGradients } from '../../src/testing/index.js'

type Vector = Tensor<Shape, 'f32'>
const at = { x: hostValue('f32', [2], Float64Array.of(0.5, -1.25)), scale: floats([], [3]) }
const wrongSine = (factor: number) =>
  customVjp((x: Tensor) => bind('sin', {}, x), {
    name: 'sine',
    vjp: ([x], _y, c) => [
      bind(
        'mul',
        {},
        c,
        bind('mul', {}, bind('cos', {}, x), bind('constant', { value: hostValue('f32', [], Float64Array.of(factor)) }))
      )
    ]
  })

test('a right derivative passes, to third order, with a report', () => {
  const outcome = checkGradients(({ x, scale }) => [bind('mul', {}, bind('sin', {}, x), scale)], { at, orders: 3, directions: 4 })
  expect(outcome).toMatchObject({ _tag: 'Right', right: { kinks: [], seams: 0 } })
  expect(E.isRight(outcome) && outcome.right.largestError).toBeLessThan(1e-8)
  expect(E.isRight(outcome) && outcome.right.comparisons).toBeGreaterThan(12)
})

test('a derivative that is wrong by one part in ten thousand is found, and the message shows where', () => {
  const outcome = checkGradients(({ x, scale }) => bind('mul', {}, wrongSine(1.0001)(x), scale), { at })
  if (E.isRight(outcome) || outcome.left._tag !== 'GradientMismatch') throw new Error('not found')
  expect(outcome.left).toMatchObject({ order: 1, shapes: { x: [], scale: [] }, values: [[1], [1]], culprit: { call: 'sine' } })
  expect(outcome.left.found / outcome.left.expected).toBeCloseTo(1.0001, 8)
  expect(outcome.left.message).toMatch(/Derivative of order 1: .* mode gives .* central differences give .*\nx: f32\[\]\n {2}value {6}1\n/)
})

test('a second derivative that is wrong is found at order 2 only', () => {
  // Value and first derivative are those of sin; the derivative of the rule forgets that cos(x) depends on x.
  const frozen = customVjp((x: Tensor) => bind('sin', {}, x), {
    name: 'frozen',
    vjp: ([x], _y, c) => [bind('mul', {}, c, bind('stopGradient', {}, bind('cos', {}, x)))]
  })
  expect(checkGradients(({ x }) => frozen(x), { at })).toMatchObject({ _tag: 'Right' })
  expect(checkGradients(({ x }) => frozen(x), { at, orders: 2 })).toMatchObject({ _tag: 'Left', left: { order: 2 } })
})

test('integer leaves and results take no part; the interpreter’s refusal is passed on', () => {
  const table = { x: floats([3], [1, 2, 4]), indices: integers([2], [2, 0]) }
  const take = ({ x, indices }: { readonly x: Vector; readonly indices: Tensor<Shape, 'i32'> }) => [
    bind('gather', { axis: 0, batchDims: 0 }, x, indices),
    bind('argmax', { axis: 0 }, x)
  ]
  expect(checkGradients(take, { at: table })).toMatchObject({ _tag: 'Right' })
  expect(checkGradients(take, { at: { ...table, indices: integers([2], [3, 0]) } })).toMatchObject({
    _tag: 'Left',
    left: { _tag: 'EvaluationError' }
  })
})
