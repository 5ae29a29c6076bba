import { describe, expect } from 'vitest'
import { fc, test } from '@fast-check/vitest'
import { add, div, floats, mean, mul, reshape, sqrt, sub, trace, variance } from '@tabula/tensor'
import type { Shape, Tensor } from '@tabula/tensor'
import { evaluate } from '@tabula/tensor/reference'
import { either as E } from 'fp-ts'
import { checkGradients } from '@tabula/autodiff/testing'
import { vjp } from '@tabula/autodiff'
import { groupNorm, groupNormalize } from '../src/index.js'
import { generated, numbers, run } from './support/run.js'

type Real = Tensor<Shape, 'f32'>

/** The definition, composed of plain operations. */
const defined = (x: Real, groups: number, eps: number, weight: Real, bias: Real): Real => {
  const [n = 0, c = 0] = x.shape
  const grouped = reshape([n, groups, -1])(x)
  const over = { axes: [2], keepDimensions: true }
  const normalized: Real = div(sub(grouped, mean(over)(grouped) as Real), sqrt(add(variance(over)(grouped), eps)) as Real)
  const spread = (vector: Real) => reshape([1, c, ...x.shape.slice(2).map(() => 1)])(vector)
  return add(mul(reshape(x.shape)(normalized), spread(weight)), spread(bias))
}

const problem = fc.record({
  n: fc.integer({ min: 1, max: 3 }),
  groups: fc.integer({ min: 1, max: 4 }),
  channels: fc.integer({ min: 1, max: 3 }),
  height: fc.integer({ min: 2, max: 4 }),
  width: fc.integer({ min: 1, max: 4 }),
  phase: fc.double({ min: 0.5, max: 3, noNaN: true })
})

describe('group normalization', () => {
  test.prop([problem], { numRuns: 30 })('value and gradients are those of the definition', ({ n, groups, channels, height, width, phase }) => {
    const c = groups * channels
    const x = generated([n, c, height, width], (index) => Math.sin(index * phase * 1.3) + Math.cos(index * index))
    const weight = generated([c], (index) => 1 + 0.2 * Math.sin(index + phase))
    const bias = generated([c], (index) => Math.cos(index * phase))
    const ct = generated([n, c, height, width], (index) => Math.cos(index * 0.7 + phase))
    const of = (f: (x: Real, weight: Real, bias: Real) => Real) => {
      const { value, pullback } = vjp((p: { readonly x: Real; readonly weight: Real; readonly bias: Real }) => f(p.x, p.weight, p.bias))({ x, weight, bias })
      return run([value, pullback(ct)]).map(({ data }) => Array.from(data))
    }
    const [found, expected] = [of((a, w, b) => groupNormalize(a, { groups, eps: 1e-3 }, w, b)), of((a, w, b) => defined(a, groups, 1e-3, w, b))]
    found.forEach((values, k) => values.forEach((value, i) => expect(value).toBeCloseTo(expected[k]?.[i] ?? NaN, 8)))
  })

  test('second derivatives agree with differences', () => {
    const at = {
      x: floats([2, 4, 2, 3], Float64Array.from({ length: 48 }, (_, i) => Math.sin(i * 1.9) * 1.5)),
      weight: floats([4], [1, 0.5, -1, 2]),
      bias: floats([4], [0, 1, 2, 3])
    }
    const checked = checkGradients(({ x, weight, bias }) => groupNormalize(x, { groups: 2, eps: 1e-2 }, weight, bias), { at, orders: 2 })
    expect(checked).toMatchObject({ _tag: 'Right' })
  })

  test('a mean far from 0 does not cancel the variance in single precision', () => {
    const x = floats([1, 2, 4, 4], Float32Array.from({ length: 32 }, (_, index) => 10_000 + (index % 3)))
    const outcome = evaluate(trace((input: Real) => groupNormalize(input, { groups: 1, eps: 0 }), x).graph, [x], { precision: 'single' })
    const y = E.isRight(outcome) ? Array.from(outcome.right[0]?.data ?? []) : []
    const deviation = Math.sqrt(y.reduce((sum, value) => sum + value * value, 0) / 32)
    // The offset itself is rounded to about 1e-7 of the mean: 1e-3.
    expect(Math.abs(deviation - 1)).toBeLessThan(5e-3)
  })

  test('rows without height and width', () => {
    const y = numbers(groupNormalize(generated([3, 4], (index) => index * index), { groups: 2, eps: 0 }))
    y.forEach((value, index) => expect(value).toBeCloseTo(index % 2 === 0 ? -1 : 1, 10))
  })

  test('groups that do not divide the channels are refused, unless asked for', () => {
    const x = generated([1, 6, 2, 2], Math.sin)
    expect(() => groupNormalize(x, { groups: 4 })).toThrow('groupNormalize: groups: expected a divisor of the 6 channels of [1,6,2,2], found 4')
    expect(() => groupNorm(4).layer(6)).toThrow('groupNorm: groups: expected a divisor of 6 channels')
    const fallback = groupNorm(4, { fallback: true }).layer(6)
    const params = { weight: generated([6], () => 1), bias: generated([6], () => 0) }
    expect(numbers(fallback.infer(params, {}, x))).toEqual(numbers(groupNormalize(x, { groups: 1 })))
    expect(() => groupNormalize(x, { groups: 2 }, generated([5], () => 1))).toThrow('groupNormalize: weight: expected [6], found [5]')
  })
})
