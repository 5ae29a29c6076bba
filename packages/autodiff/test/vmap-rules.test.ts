import { describe, expect, test } from 'vitest'
import fc from 'fast-check'
import { bindAll } from '@tabula/tensor'
import type { PrimitiveName, Tensor } from '@tabula/tensor'
import { differenceOf, instances } from '@tabula/tensor/testing'
import type { Instance, Instances } from '@tabula/tensor/testing'
import { batchingRules, vmap } from '../src/index.js'
import { randomNumbers } from '../src/testing/random.js'
import { another, constantOf, next, stacked, withoutPromise } from './support/batches.js'
import { run } from './support/run.js'

/** The record's entry as one for any primitive. */
const instancesOf = (primitive: PrimitiveName): Instances<PrimitiveName> => instances[primitive] as Instances<PrimitiveName>

const subsetsOf = (count: number): readonly (readonly boolean[])[] =>
  Array.from({ length: 2 ** count - 1 }, (_, bits) => Array.from({ length: count }, (_, index) => ((bits + 1) >> index) % 2 === 1))

/** vmap against the stacked results of each example, with the mapped axes of operands and results at random places. */
const compare = (primitive: PrimitiveName, { attributes, inputs }: Instance, mapped: readonly boolean[], seed: number): void => {
  const random = randomNumbers(seed)
  const size = 1 + random.below(3)
  const examples = Array.from({ length: size }, (_, b) =>
    inputs.map((value, index) => constantOf(mapped[index] !== true ? value : primitive === 'cond' && index === 0 ? next(value, b) : another(value, b)))
  )
  const inAxes = inputs.map(({ shape }, index) => (mapped[index] === true ? random.below(shape.length + 1) : null))
  const operands = inputs.map((value, index) => {
    const axis = inAxes[index]
    return typeof axis === 'number' ? stacked(examples.map((example) => example[index] as Tensor), axis) : constantOf(value)
  })
  const each = examples.map((example) => bindAll(primitive, attributes, ...example))
  const outAxes = (each[0] ?? []).map(({ shape }) => random.below(shape.length + 1))
  const f = (...tensors: readonly Tensor[]) => bindAll(primitive, attributes, ...tensors)
  const negative = inAxes.map((axis, index) => (axis === null || seed % 2 === 0 ? axis : axis - (inputs[index]?.shape.length ?? 0) - 1))
  const found = vmap(f, { inAxes: negative, outAxes })(...operands)
  const expected = outAxes.map((axis, output) => stacked(each.map((outputs) => outputs[output] as Tensor), axis))
  const [a, b] = [run(found), run(expected)]
  expect(a.length).toBe(b.length)
  b.forEach((value, index) => expect(differenceOf(a[index], value, { absolute: 1e-12, relative: 1e-12 })).toBeUndefined())
}

const primitives = (Object.keys(instances) as PrimitiveName[]).filter((name) => typeof batchingRules[name] !== 'string')

describe('vmap is the stacked loop, for every subset of operands and axes at any place', () => {
  test.each(primitives)('%s', (primitive) => {
    fc.assert(
      fc.property(withoutPromise(instancesOf(primitive)), fc.nat({ max: 0xffff }), (instance, seed) => {
        subsetsOf(instance.inputs.length).forEach((mapped, index) => compare(primitive, instance, mapped, seed + index))
      }),
      { numRuns: 25, seed: 20181121 }
    )
  })
})

test('only primitives without operands have no rule', () => {
  expect(Object.entries(batchingRules).flatMap(([name, rule]) => (typeof rule === 'string' ? [name] : []))).toEqual(['input', 'constant', 'iota'])
})
