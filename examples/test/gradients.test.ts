import { either as E } from 'fp-ts'
import { expect, test } from 'vitest'
import { grad, scan } from '@tabula/autodiff'
import { add, hostValuesOf, matmul, sub, mul, tanh, total, trace } from '@tabula/tensor'
import type { Shape, Tensor } from '@tabula/tensor'
import { evaluate } from '@tabula/tensor/reference'
import { outcome as product } from '../src/hessian-vector-product.js'
import { outcome as perExample } from '../src/per-example-gradients.js'
import { outcome as recurrent, values } from '../src/recurrent-loop.js'

const right = <A>(outcome: E.Either<{ readonly message: string }, A>): A => {
  if (E.isLeft(outcome)) throw new Error(outcome.left.message)
  return outcome.right
}
const expectClose = (found: ArrayLike<number>, expected: readonly number[]): void => {
  expect(found).toHaveLength(expected.length)
  expected.forEach((x, k) => expect(found[k]).toBeCloseTo(x, 6))
}

test('per-example gradients: one row for each example, and their clipped mean', () => {
  const { gradients, step } = right(perExample)
  const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x))
  const slope = (logit: number, target: number): number => 2 * (sigmoid(logit) - target) * sigmoid(logit) * (1 - sigmoid(logit))
  const rows = [
    [slope(1, 1), 0],
    [0, slope(-1, 1)],
    [2 * slope(0, 0), 2 * slope(0, 0)]
  ]
  expectClose(gradients.data, rows.flat())
  const clipped = rows.map((row) => row.map((x) => x / Math.max(1, Math.hypot(...row) / 0.1)))
  expectClose(step.data, [0, 1].map((k) => clipped.reduce((sum, row) => sum + (row[k] ?? 0), 0) / 3))
})

test('a Hessian-vector product, and the curvature along the direction', () => {
  const { product: found, curvature } = right(product)
  expectClose(found.a.data, [2, Math.E])
  expectClose(found.b.data, [1, 2])
  expectClose(curvature.data, [4])
})

test('a recurrent loop: its value is that of plain numbers, and checkpoints change no gradient', () => {
  type Real = Tensor<Shape, 'f32'>
  const unmarked = (weights: { readonly recurrent: Real; readonly input: Real }, sequence: Real, targets: Real, start: Real): Tensor<readonly [], 'f32'> => {
    const [, states] = scan(
      (state: Real, x: Real): readonly [Real, Real] => {
        const next: Real = tanh(add<Real, Real>(matmul<Shape, Shape>(state, weights.recurrent), matmul<Shape, Shape>(x, weights.input)))
        return [next, next]
      },
      start,
      sequence
    )
    const error: Real = sub<Real, Real>(states, targets)
    return total(mul(error, error))
  }
  const { graph } = trace(({ weights, sequence, targets, start }) => grad(unmarked)(weights, sequence, targets, start), values)
  const expected = right(evaluate(graph, hostValuesOf(values)))
  const { value, gradient } = right(recurrent)
  expectClose(gradient.recurrent.data, Array.from(expected[0]?.data ?? []))
  expectClose(gradient.input.data, Array.from(expected[1]?.data ?? []))
  // In plain numbers, step by step.
  let state = [0, 0]
  let loss = 0
  for (let k = 0; k < 12; k++) {
    const x = Math.sin(k / 2)
    const [a = 0, b = 0] = state
    state = [Math.tanh(0.5 * a + 0.2 * b + x), Math.tanh(-0.3 * a + 0.4 * b - x)]
    loss += ((state[0] ?? 0) - Math.sin(k / 2 + 1)) ** 2 + (state[1] ?? 0) ** 2
  }
  expectClose(value.data, [loss])
})
