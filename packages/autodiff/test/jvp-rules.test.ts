import { describe, expect, test } from 'vitest'
import { bind, graphOf, hostValue, placeholder, sizeOf } from '@tabula/tensor'
import type { HostValue, Tensor } from '@tabula/tensor'
import { evaluate } from '@tabula/tensor/reference'
import { either as E } from 'fp-ts'
import fc from 'fast-check'
import { jvpRules, pullBack, pushForward, vjpRules } from '../src/index.js'
import { number, zerosLike } from '../src/expression.js'
import { differentiableInstances, randomNumbers } from '../src/testing/index.js'
import type { Instance, RandomNumbers } from '../src/testing/index.js'

const isArbitrary = (entry: unknown): entry is fc.Arbitrary<Instance> => typeof entry === 'object'

const differentiable = Object.entries(differentiableInstances).flatMap(([name, entry]) =>
  isArbitrary(entry) ? [{ name, entry }] : []
)

type Map = (variables: readonly Tensor[]) => readonly Tensor[]
type Values = readonly HostValue[]

const run = (f: Map, at: Values): readonly (readonly number[])[] => {
  const inputs = at.map((value, index) => placeholder(`x${index}`, value))
  const outcome = evaluate(graphOf(inputs, f(inputs)), at)
  if (E.isLeft(outcome)) throw new Error(outcome.left.message)
  return outcome.right.map(({ data }) => Array.from(data))
}

const randomLike = (random: RandomNumbers, shapes: readonly Pick<HostValue, 'shape'>[]): readonly HostValue<'f32'>[] =>
  shapes.map(({ shape }) => hostValue('f32', shape, Float64Array.from({ length: sizeOf(shape) }, () => random.uniform(-1, 1))))

const constants = (values: Values): readonly Tensor[] => values.map((value) => bind('constant', { value }))

/** The floating-point results. */
const numeric =
  ({ apply }: Instance): Map =>
  (variables) =>
    apply(variables).filter(({ dtype }) => dtype === 'f32')

/** The derivative of f along fixed directions, as a function of the point. */
const along =
  (f: Map, directions: Values): Map =>
  (variables) => {
    const outputs = f(variables)
    return pushForward(outputs, variables, constants(directions)).map((tangent, index) => tangent ?? zerosLike(outputs[index] ?? number(0)))
  }

/** The cotangents of the variables, as a function of the point. */
const back =
  (f: Map, cotangents: Values): Map =>
  (variables) =>
    pullBack(f(variables), constants(cotangents), variables).map((cotangent, index) => cotangent ?? zerosLike(variables[index] ?? number(0)))

const moved = (at: Values, directions: Values, distance: number): Values =>
  at.map(({ shape, data }, index) =>
    hostValue('f32', shape, Float64Array.from(data, (x, k) => Number(x) + distance * Number(directions[index]?.data[k] ?? 0)))
  )

/** Central differences of five points. */
const differences = (f: Map, at: Values, directions: Values): readonly (readonly number[])[] => {
  const step = 1e-4
  const [far, near, nearBack, farBack] = [2, 1, -1, -2].map((k) => run(f, moved(at, directions, k * step)))
  return (near ?? []).map((values, output) =>
    values.map(
      (x, k) =>
        (8 * (x - (nearBack?.[output]?.[k] ?? NaN)) - ((far?.[output]?.[k] ?? NaN) - (farBack?.[output]?.[k] ?? NaN))) / (12 * step)
    )
  )
}

const inner = (a: readonly (readonly number[])[], b: Values): { readonly sum: number; readonly scale: number } => {
  const terms = a.flatMap((values, index) => values.map((x, k) => x * Number(b[index]?.data[k] ?? 0)))
  return { sum: terms.reduce((sum, x) => sum + x, 0), scale: terms.reduce((sum, x) => sum + Math.abs(x), 0) }
}

const expectClose = (found: readonly (readonly number[])[], expected: readonly (readonly number[])[], tolerance: number): void => {
  expect(found.map(({ length }) => length)).toEqual(expected.map(({ length }) => length))
  found.forEach((values, output) =>
    values.forEach((x, k) => {
      const reference = expected[output]?.[k] ?? NaN
      expect(Math.abs(x - reference) / (1 + Math.abs(reference))).toBeLessThanOrEqual(tolerance)
    })
  )
}

const check = (f: Map, at: Values, random: RandomNumbers): void => {
  const directions = randomLike(random, at)
  const pushed = run(along(f, directions), at)
  expectClose(pushed, differences(f, at, directions), 1e-6)
  const inputs = at.map((value, index) => placeholder(`x${index}`, value))
  const outputs = f(inputs)
  const cotangents = randomLike(random, outputs)
  const [forward, reverse] = [inner(pushed, cotangents), inner(run(back(f, cotangents), at), directions)]
  expect(Math.abs(forward.sum - reverse.sum)).toBeLessThanOrEqual(1e-10 * (1 + forward.scale + reverse.scale))
}

describe('every differentiable primitive in forward mode: central differences, and ⟨u, Jv⟩ = ⟨Jᵀu, v⟩', () => {
  test.each(differentiable)('$name, of it, of its tangent and of its cotangents', ({ entry }) => {
    fc.assert(
      fc.property(entry, fc.nat({ max: 1000 }), (instance, seed) => {
        const random = randomNumbers(seed)
        const { variables: at } = instance
        const f = numeric(instance)
        check(f, at, random)
        check(along(f, randomLike(random, at)), at, random)
        const inputs = at.map((value, index) => placeholder(`x${index}`, value))
        check(back(f, randomLike(random, f(inputs))), at, random)
      }),
      { numRuns: 12, seed: 20181121 }
    )
  })
})

describe('at ties, zeros and kinks forward mode is the transpose of reverse mode too', () => {
  const rounded = (at: Values): Values => at.map(({ shape, data }) => hostValue('f32', shape, Float64Array.from(data, (x) => Math.round(Number(x) / 2))))
  /** Where the derivative may be infinite. */
  const singular: ReadonlySet<string> = new Set(['log', 'log1p', 'sqrt', 'div', 'rem', 'pow', 'atan2'])

  test.each(differentiable)('$name', ({ name, entry }) => {
    fc.assert(
      fc.property(entry, fc.nat({ max: 1000 }), (instance, seed) => {
        const random = randomNumbers(seed)
        const at = rounded(instance.variables)
        const f = numeric(instance)
        const inputs = at.map((value, index) => placeholder(`x${index}`, value))
        const [directions, cotangents] = [randomLike(random, at), randomLike(random, f(inputs))]
        const [forward, reverse] = [inner(run(along(f, directions), at), cotangents), inner(run(back(f, cotangents), at), directions)]
        if (singular.has(name) && !Number.isFinite(forward.sum)) return
        expect(Math.abs(forward.sum - reverse.sum)).toBeLessThanOrEqual(1e-12 * (1 + forward.scale + reverse.scale))
      }),
      { numRuns: 20, seed: 20181121 }
    )
  })
})

test('forward and reverse mode have no derivative in the same places, for the same reasons', () => {
  const reasons = (rules: Readonly<Record<string, unknown>>) =>
    Object.entries(rules).map(([name, rule]) => [name, typeof rule === 'string' ? rule : 'a rule'])
  expect(reasons(jvpRules)).toEqual(reasons(vjpRules))
})
