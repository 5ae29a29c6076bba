import { describe, expect, test } from 'vitest'
import { vjpRules } from '../../src/index.js'
import { checkPrimitive, differentiablePrimitives } from '../../src/testing/index.js'

describe('every differentiable primitive against central differences', () => {
  test.each(differentiablePrimitives)('%s, to second order', (primitive) => {
    const { cases, failure } = checkPrimitive(primitive, { seed: 20181121, runs: 100, rules: ['vjp', 'jvp'] })
    expect(failure).toBe(undefined)
    expect(cases).toBe(100)
  })
})

test('a primitive has an instance if and only if its rule lets a derivative through, but for the piecewise constant ones', () => {
  const piecewiseConstant = ['sign', 'floor', 'ceil', 'round']
  for (const [name, rule] of Object.entries(vjpRules)) {
    const has = differentiablePrimitives.some((primitive) => primitive === name)
    expect([name, has]).toEqual([name, typeof rule !== 'string' || piecewiseConstant.includes(name)])
  }
})
