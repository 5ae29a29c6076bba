import { either as E } from 'fp-ts'
import { describe, expect, test } from 'vitest'
import { valueAndGradWithAux } from '@tabula/autodiff'
import { abs, clamp, erf, exp, expm1, hostValue, log1p, max, min, product, relu, rsqrt, sigmoid, sqrt, square, tanh, total, trace } from '@tabula/tensor'
import type { Shape, Tensor } from '@tabula/tensor'
import { evaluate } from '@tabula/tensor/reference'
import { elu, euclideanNorm, gelu, hardSigmoid, hardSwish, leakyRelu, logSigmoid, logSumExp, mish, relu6, silu, softplus } from '../src/index.js'
import { exceptionalValues } from './support/exceptional-values.js'

type Real = Tensor<Shape, 'f32'>

const functions: Readonly<Record<string, (x: Real) => Real>> = {
  clamp: clamp({ lowest: -1, highest: 1 }),
  clampLowest: clamp({ lowest: 0 }),
  clampHighest: clamp({ highest: 0 }),
  relu, relu6, hardSwish, hardSigmoid, leakyRelu: leakyRelu({ slope: 0.1 }), elu: elu(), softplus, logSigmoid, abs, silu, mish, gelu: (x) => gelu(x),
  sigmoid, tanh, sqrt, rsqrt, square, exp, expm1, erf, log1p,
  product: product({ axis: 0 }), euclideanNorm: euclideanNorm(), max: max(), min: min(), logSumExp: logSumExp()
}

/** Value and gradient of the sum, in float64. */
const found = (f: (x: Real) => Real, x: readonly number[]): readonly (readonly number[])[] => {
  const value = hostValue('f32', [x.length], Float64Array.from(x))
  const { graph } = trace((at: Real) => {
    const { auxiliary, gradient } = valueAndGradWithAux((p: Real) => [total(f(p)), f(p)] as const)(at)
    return [auxiliary, gradient]
  }, value)
  const outcome = evaluate(graph, [value])
  if (E.isLeft(outcome)) throw new Error(outcome.left.message)
  return outcome.right.map(({ data }) => Array.from(data))
}

/** Numbers to some digits; zeros of either sign alike. */
const rounded = (numbers: readonly number[], digits: number): readonly number[] => numbers.map((x) => Number(x.toPrecision(digits)) + 0)

/** PyTorch divides by 6 in single precision there. */
const digitsOf = (name: string): number => (name === 'hardSigmoid' ? 7 : 12)

/** Where PyTorch divides the product by a factor, ∞/∞ or NaN/NaN; the product of the other factors, which we answer, is the derivative. */
const byOtherFactors: readonly string[] = ['Infinity,2,3', 'Infinity,-Infinity,1', 'NaN,1,2']

describe('at NaN, infinities, zeros, kinks and ties, values and gradients are those of PyTorch', () => {
  test.each(exceptionalValues.map((row) => [`${row.name} at ${row.x.join(', ')}`, row] as const))('%s', (_title, { name, x, y, gradient }) => {
    const f = functions[name]
    if (f === undefined) throw new Error(`no function ${name}`)
    const [value = [], derivative = []] = found(f, x)
    expect(rounded(value, 12)).toEqual(rounded(y, 12))
    if (name === 'product' && byOtherFactors.includes(x.join(','))) {
      expect(derivative).toEqual(x.map((_, k) => x.reduce((all, factor, other) => (other === k ? all : all * factor), 1)))
      expect(gradient.every((d, k) => Number.isNaN(d) || d === derivative[k])).toBe(true)
    } else expect(rounded(derivative, digitsOf(name))).toEqual(rounded(gradient, digitsOf(name)))
  })
})
