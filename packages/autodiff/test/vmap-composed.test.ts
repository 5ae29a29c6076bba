import { describe, expect, test } from 'vitest'
import fc from 'fast-check'
import { bind, bindAll, DerivativeError } from '@tabula/tensor'
import type { PrimitiveName, Shape, Tensor } from '@tabula/tensor'
import { differenceOf, instances } from '@tabula/tensor/testing'
import type { Instances } from '@tabula/tensor/testing'
import { batchingRules, grad, jvp, vjp, vmap } from '../src/index.js'
import { differentiableInstances } from '../src/testing/index.js'
import type { Instance } from '../src/testing/index.js'
import { randomNumbers } from '../src/testing/random.js'
import { another, constantOf, next, stacked, withoutPromise } from './support/batches.js'
import { generated, run } from './support/run.js'

type Vector = Tensor<Shape, 'f32'>

/** The record's entry as one for any primitive. */
const instancesOf = (primitive: PrimitiveName): Instances<PrimitiveName> => instances[primitive] as Instances<PrimitiveName>

const expectSame = (found: unknown, expected: unknown): void => {
  const [a, b] = [run(found), run(expected)]
  expect(a.length).toBe(b.length)
  b.forEach((value, index) => expect(differenceOf(a[index], value, { absolute: 1e-11, relative: 1e-11 })).toBeUndefined())
}

/** Whether all ways from parameters to results have derivatives. */
const hasDerivative = (attempt: () => unknown): boolean => {
  try {
    attempt()
    return true
  } catch (thrown) {
    if (thrown instanceof DerivativeError) return false
    throw thrown
  }
}

const range = (count: number): readonly number[] => Array.from({ length: count }, (_, index) => index)

describe('a batch of batches is the loop over both', () => {
  const primitives = (Object.keys(instances) as PrimitiveName[]).filter((name) => typeof batchingRules[name] !== 'string')
  const [outer, inner] = [2, 3]

  test.each(primitives)('%s', (primitive) => {
    fc.assert(
      fc.property(withoutPromise(instancesOf(primitive)), fc.nat({ max: 0xffff }), ({ attributes, inputs }, seed) => {
        const random = randomNumbers(seed)
        // 1: in the inner batch, 2: in the outer, 3: in both; at least one operand in each.
        const mapped = inputs.map((_, index) => (index === 0 ? 1 : 0) | random.below(4) | (index === inputs.length - 1 ? 2 : 0))
        const has = (index: number, bit: number): boolean => ((mapped[index] ?? 0) & bit) !== 0
        const operand = (index: number, o: number, i: number): Tensor => {
          const value = inputs[index]
          if (value === undefined) throw new RangeError(`no operand ${index}`)
          const by = (has(index, 2) ? o * inner : 0) + (has(index, 1) ? i : 0)
          return constantOf(primitive === 'cond' && index === 0 ? next(value, by) : another(value, by))
        }
        const batches = inputs.map((_, index) => {
          const row = (o: number): Tensor => (has(index, 1) ? stacked(range(inner).map((i) => operand(index, o, i)), 0) : operand(index, o, 0))
          return has(index, 2) ? stacked(range(outer).map(row), 0) : row(0)
        })
        const axes = (bit: number): readonly (0 | null)[] => inputs.map((_, index) => (has(index, bit) ? 0 : null))
        const f = (...tensors: readonly Tensor[]): readonly Tensor[] => bindAll(primitive, attributes, ...tensors)
        const found = vmap((...tensors: readonly Tensor[]) => vmap(f, { inAxes: axes(1) })(...tensors), { inAxes: axes(2) })(...batches)
        const rows = range(outer).map((o) => range(inner).map((i) => f(...inputs.map((_, index) => operand(index, o, i)))))
        const expected = (rows[0]?.[0] ?? []).map((_, output) => stacked(rows.map((row) => stacked(row.flatMap((one) => one.slice(output, output + 1)), 0)), 0))
        expectSame(found, expected)
      }),
      { numRuns: 8, seed: 20181121 }
    )
  })
})

describe('derivatives of a batch are the batch of derivatives', () => {
  const isArbitrary = (entry: unknown): entry is fc.Arbitrary<Instance> => typeof entry === 'object'
  const differentiable = Object.entries(differentiableInstances).flatMap(([name, entry]) => (isArbitrary(entry) ? [{ name, entry }] : []))

  test.each(differentiable)('$name: vmap of grad, grad of vmap, vmap of jvp, jvp of vmap', ({ entry }) => {
    fc.assert(
      fc.property(entry, fc.integer({ min: 1, max: 3 }), ({ variables, apply }, size) => {
        const f = (operands: readonly Vector[]): readonly Vector[] => apply(operands).filter((y): y is Vector => y.dtype === 'f32')
        const examples = range(size).map((b) => variables.map((value) => constantOf(another(value, b)) as Vector))
        const batch = variables.map((_, index) => stacked(examples.flatMap((example) => example.slice(index, index + 1)), 0) as Vector)
        const weight = (y: Tensor): Vector => generated(y.shape, (index) => Math.cos(1 + 2.3 * index))
        const objective = (operands: readonly Vector[]): Vector =>
          f(operands)
            .map((y) => bind('reduceSum', { axes: y.shape.map((_, axis) => axis), keepDimensions: false }, bind('mul', {}, bind('mul', {}, y, y), weight(y))))
            .reduce((sum, term) => bind('add', {}, sum, term), generated([], () => 0)) as Vector
        const loop = <R>(each: (operands: readonly Vector[]) => readonly R[]): readonly Tensor[] => {
          const results = examples.map(each)
          return (results[0] ?? []).map((_, index) => stacked(results.map((result) => result[index] as Tensor), 0))
        }
        if (!hasDerivative(() => grad(objective)(examples[0] ?? []))) {
          expect(hasDerivative(() => vmap(grad(objective))(batch))).toBe(false)
          return
        }
        const gradients = loop((operands) => grad(objective)(operands))
        expectSame(vmap(grad(objective))(batch), gradients)
        expectSame(grad((operands: readonly Vector[]) => bind('reduceSum', { axes: [0], keepDimensions: false }, vmap(objective)(operands)) as Vector)(batch), gradients)
        const direction = (operands: readonly Vector[]): readonly Vector[] => operands.map((x) => generated(x.shape, (index) => Math.sin(2 + 1.1 * index)))
        const tangents = loop((operands) => jvp(f, operands, direction(operands)).tangent)
        const directions = batch.map((x) => bind('broadcastTo', { shape: x.shape }, direction([generated(x.shape.slice(1), () => 0)])[0] ?? x) as Vector)
        expectSame(vmap((operands: readonly Vector[]) => jvp(f, operands, direction(operands)).tangent)(batch), tangents)
        expectSame(jvp((operands: readonly Vector[]) => vmap(f)(operands), batch, directions).tangent, tangents)
        const pulled = (operands: readonly Vector[]): readonly Vector[] => {
          const { value, pullback } = vjp(f)(operands)
          return pullback(value.map(weight))
        }
        expectSame(vmap(pulled)(batch), loop(pulled))
      }),
      { numRuns: 6, seed: 20181121 }
    )
  })
})
