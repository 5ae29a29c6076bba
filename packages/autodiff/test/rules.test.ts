import { describe, expect, test } from 'vitest'
import fc from 'fast-check'
import { either as E } from 'fp-ts'
import type { HostValue, Tensor } from '@tabula/tensor'
import { vjpRules } from '../src/index.js'
import { checkGradients, differentiableInstances } from '../src/testing/index.js'
import type { Instance } from '../src/testing/index.js'

const isArbitrary = (entry: unknown): entry is fc.Arbitrary<Instance> => typeof entry === 'object'

const differentiable = Object.entries(differentiableInstances).flatMap(([name, entry]) =>
  isArbitrary(entry) ? [{ name, entry }] : []
)

describe('every differentiable primitive against central differences', () => {
  test.each(differentiable)('$name, to second order', ({ entry }) => {
    fc.assert(
      fc.property(entry, fc.nat({ max: 1000 }), ({ variables, apply }, seed) => {
        const outcome = checkGradients<readonly HostValue[]>((args) => apply(args as readonly Tensor[]), {
          at: variables,
          order: 2,
          seed
        })
        if (E.isLeft(outcome)) throw new Error(outcome.left.message)
      }),
      { numRuns: 60, seed: 20181121 }
    )
  })
})

test('a primitive has an instance if and only if its rule lets a derivative through, but for the piecewise constant ones', () => {
  const piecewiseConstant = ['sign', 'floor', 'ceil', 'round']
  for (const [name, rule] of Object.entries(vjpRules)) {
    const has = differentiable.some((entry) => entry.name === name)
    expect([name, has]).toEqual([name, typeof rule !== 'string' || piecewiseConstant.includes(name)])
  }
})
