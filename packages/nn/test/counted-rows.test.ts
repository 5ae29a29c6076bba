import { describe, expect, test } from 'vitest'
import { valueAndGradWithAux } from '@tabula/autodiff'
import { concatenate, constant, floats, graphOf, key, mul, normal, slice, total } from '@tabula/tensor'
import type { HostValue, Shape, Tensor } from '@tabula/tensor'
import { evaluate } from '@tabula/tensor/reference'
import { either as E } from 'fp-ts'
import { batchNorm, compose, identity, oneReplica, sequence, syncBatchNorm } from '../src/index.js'
import type { Affine, Norm, Running } from '../src/index.js'
import { largestError } from './support/run.js'

type Real = Tensor<Shape, 'f32'>

const [rows, channels] = [6, 3]
const x = constant(normal(key(1), [rows, channels, 2, 4])) as Real
const cotangent = constant(normal(key(2), [rows, channels, 2, 4])) as Real
const start = { running_mean: constant(normal(key(3), [channels])) as Real, running_var: constant(floats([channels], [1, 2, 3])) as Real }

/** y of the first rows, dx of all, the gradients of weight and bias, running statistics. */
const step = (norm: Norm<Affine, Running>, count: number, given: number): readonly HostValue[] => {
  const first = slice({ axis: 0, limit: count })
  // Through combinators, which hand the context on.
  const block = compose(sequence([['bn', norm.layer(channels)]]), identity)
  const context = { rows: constant(floats([given], Array.from({ length: given }, (_, row) => (row < count ? 1 : 0)))) }
  const f = ({ input, weight, bias }: { readonly input: Real; readonly weight: Real; readonly bias: Real }) => {
    const [y, state] = block.train({ bn: { weight, bias } }, { bn: start }, input, context)
    return [total(mul(first(y), first(cotangent)) as Real), { y: first(y), state }] as const
  }
  const input = slice({ axis: 0, limit: given })(x)
  const { auxiliary, gradient } = valueAndGradWithAux(f)({ input, weight: constant(floats([channels], [1, 2, 0.5])), bias: constant(floats([channels], [0, 1, -1])) })
  const padded = given === rows ? gradient.input : concatenate({ axis: 0 })<Shape, 'f32'>([gradient.input, constant(floats([rows - given, channels, 2, 4], new Float32Array((rows - given) * channels * 8)))])
  const outcome = evaluate(graphOf([], [auxiliary.y, padded, gradient.weight, gradient.bias, auxiliary.state.bn.running_mean, auxiliary.state.bn.running_var]), [])
  if (E.isLeft(outcome)) throw new Error(outcome.left.message)
  return outcome.right
}

describe.each([
  ['batchNorm', batchNorm()],
  ['syncBatchNorm', syncBatchNorm(oneReplica)]
])('%s of a batch that is filled up', (_name, norm) => {
  test.each([1, 2, 5, 6])('of %i rows that count is that of these rows alone', (count) => {
    const [filled, alone] = [step(norm, count, rows), step(norm, count, count)]
    filled.forEach((value, k) => expect(largestError(value, alone[k] as HostValue)).toBeLessThan(1e-12))
  })

  test('without a row that counts changes no statistics and has no derivative', () => {
    const [, dx, weight, bias, mean, variance] = step(norm, 0, rows)
    for (const zero of [dx, weight, bias]) expect(Math.max(...Array.from(zero?.data ?? [NaN], (v) => Math.abs(Number(v))))).toBe(0)
    expect(Array.from(variance?.data ?? [])).toEqual([1, 2, 3])
    expect(Array.from(mean?.data ?? [])).toEqual(Array.from(normal(key(3), [channels]).data))
  })
})
