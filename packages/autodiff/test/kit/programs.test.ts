import { describe, expect, test } from 'vitest'
import fc from 'fast-check'
import { graphOf, placeholder } from '@tabula/tensor'
import type { PrimitiveName } from '@tabula/tensor'
import { checkPrograms, programGenerators, programs } from '../../src/testing/index.js'

describe('random programs', () => {
  test('are well typed, and apply every primitive', () => {
    const seen = new Set<PrimitiveName>()
    for (const { variables, apply } of fc.sample(programs(), { seed: 11, numRuns: 400 })) {
      const x = variables.map((variable, index) => placeholder(`x${index}`, variable))
      const { nodes } = graphOf(x, apply(x))
      nodes.forEach(({ primitive }) => seen.add(primitive))
    }
    expect([...seen].sort()).toEqual(Object.keys(programGenerators).sort())
  })

  test('have the derivatives that difference quotients have, in both modes, to second order, and vmap is the loop', () => {
    const { cases, worst, failure } = checkPrograms({ seed: 20181121, runs: 80 })
    expect(failure).toBe(undefined)
    expect(cases).toBe(80)
    expect(worst).toBeLessThan(1e-6)
  })

  test('with ties and zeros too, where kinks are reported', () => {
    for (const numbers of ['ties', 'zeros'] as const) {
      const { failure, kinks } = checkPrograms({ seed: 7, runs: 25, numbers })
      expect(failure).toBe(undefined)
      expect(kinks).toBeGreaterThan(0)
    }
  })

  test('shrink to one step of one scalar', () => {
    // Whatever else a program does, it is refused for a sine.
    const { counterexample } = fc.check(fc.property(programs(), ({ steps }) => !steps.includes('sin')), { seed: 2, numRuns: 500 })
    const [program] = counterexample ?? []
    expect(program?.steps).toEqual(['sin'])
    expect(program?.variables.map(({ shape, data }) => [shape, Array.from(data)])).toEqual([[[], [1]]])
    expect(String(program)).toMatch(/sin\(/)
  })
})
