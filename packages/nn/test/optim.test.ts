import { describe, expect, test } from 'vitest'
import { floats, take } from '@tabula/tensor'
import type { HostValue, Shape, Tensor } from '@tabula/tensor'
import { adam, adamW, clipByGlobalNorm, cosine, fixedTail, multiStep, paperSchedule, scaledRate, sgd, warmUp, constantRate } from '../src/index.js'
import type { Optimizer, OptimizerState, Parameter } from '../src/index.js'
import { constantOf, largestError, run, tensor } from './support/run.js'
import { torchCases, torchGroup } from './support/torch-fixtures.js'

const recorded = torchGroup('optim')
const valueAt = (name: string): HostValue => {
  const found = recorded.get(name)
  if (found === undefined) throw new Error(`${name} is not recorded`)
  return found
}
const real = (value: HostValue): Parameter => constantOf(value) as Tensor<Shape, 'f32'>
const attributesOf = (name: string) => torchCases.find((row) => row.name === name)?.attrs ?? {}

const optimizers: readonly (readonly [string, Optimizer])[] = [
  ['optim_sgd', sgd()],
  ['optim_sgd_momentum', sgd({ momentum: 0.9 })],
  ['optim_sgd_momentum_decay', sgd({ momentum: 0.9, weightDecay: 0.01 })],
  ['optim_sgd_nesterov', sgd({ momentum: 0.9, nesterov: true, weightDecay: 0.001 })],
  ['optim_sgd_dampening', sgd({ momentum: 0.9, dampening: 0.3 })],
  ['optim_adam', adam()],
  ['optim_adam_decay', adam({ betas: [0.8, 0.95], weightDecay: 0.1 })],
  ['optim_adamw', adamW({ weightDecay: 0.1 })]
]

/** A state of values as constants of a program. */
const constants = (state: OptimizerState<{ readonly p: HostValue }, HostValue>): OptimizerState<{ readonly p: Parameter }> => ({
  step: real(state.step),
  slots: Object.fromEntries(Object.entries(state.slots).map(([name, { p }]) => [name, { p: real(p) }]))
})

describe('optimizers follow the paths recorded from PyTorch, in float64', () => {
  test.each(optimizers)('%s', (name, optimizer) => {
    const rate = tensor([], [Number(attributesOf(name)['lr'])])
    const start = valueAt(`${name}/in.p`)
    const gradients = real(valueAt(`${name}/in.grads`))
    const path = real(valueAt(`${name}/out.path`))
    let params: { readonly p: Parameter } = { p: real(start) }
    let state = constants(optimizer.init({ p: start }))
    for (let step = 0; step < 6; step++) {
      const [next, after] = optimizer.update({ p: take({ axis: 0, index: step })(gradients) }, state, params, rate)
      params = next
      state = after
      const [expected] = run(take({ axis: 0, index: step })(path))
      if (expected === undefined) throw new Error('no path')
      expect(largestError(run(params)[0], expected)).toBeLessThan(1e-10)
    }
    expect(run(state.step)[0]?.data[0]).toBe(6)
  })

  test('clipByGlobalNorm', () => {
    const name = 'clip_grad_norm'
    const clipped = clipByGlobalNorm({ maximum: 1.5 })({ g1: real(valueAt(`${name}/in.g1`)), g2: real(valueAt(`${name}/in.g2`)) })
    const [g1, g2, norm] = run([clipped.gradients, clipped.norm])
    expect(largestError(g1, valueAt(`${name}/out.g1`))).toBeLessThan(1e-10)
    expect(largestError(g2, valueAt(`${name}/out.g2`))).toBeLessThan(1e-10)
    expect(largestError(norm, valueAt(`${name}/out.norm`))).toBeLessThan(1e-10)
  })
})

describe('groups', () => {
  test('the first group whose predicate accepts a path gives decay and factor (Detectron: biases at twice the rate, no decay)', () => {
    const optimizer = sgd({ weightDecay: 0.5, groups: [{ matches: (path) => path.endsWith('bias'), weightDecay: 0, learningRate: 2 }] })
    const one = { conv: { weight: tensor([1], [1]), bias: tensor([1], [1]) } }
    const zero = { conv: { weight: tensor([1], [0]), bias: tensor([1], [0.25]) } }
    const [params] = optimizer.update(zero, { step: tensor([], [0]), slots: {} }, one, tensor([], [0.1]))
    expect(run(params).map(({ data }) => data[0])).toEqual([1 - 0.1 * 0.5, 1 - 0.2 * 0.25])
  })

  test('a state of another optimizer is refused', () => {
    const p = { w: floats([1], [1]) }
    expect(() => adam().update({ w: tensor([1], [1]) }, constants({ step: floats([], [0]), slots: { momentum: { p: p.w } } }) as never, { w: tensor([1], [1]) }, tensor([], [1]))).toThrow(/slot "mean", found momentum/)
  })
})

describe('schedules', () => {
  const rates = (name: string) => Array.from(valueAt(`${name}/out.lr`).data)

  test.each([
    ['lr_multistep', multiStep({ base: 0.1, milestones: [5, 9] })],
    ['lr_linear_warmup', warmUp({ steps: 7, factor: 0.001 })(constantRate(0.1))],
    ['lr_cosine', cosine({ base: 0.1, steps: 12, minimum: 0.001 })]
  ] as const)('%s as PyTorch', (name, schedule) => {
    rates(name).forEach((rate, step) => expect(schedule(step)).toBeCloseTo(rate, 12))
  })

  test('the paper: drops 60k and 20k before the end, whatever the length', () => {
    for (const times of [2, 3, 6]) {
      const { rate, steps, trunk } = paperSchedule({ times })
      expect([steps, trunk]).toEqual([times * 90_000, times * 90_000 - 60_000])
      expect(rate(0)).toBeCloseTo(0.02 / 3, 12)
      expect(rate(250)).toBeCloseTo(0.02 * (2 / 3), 12)
      expect([500, trunk - 1, trunk, steps - 20_001, steps - 20_000, steps - 1].map((step) => Number(rate(step).toPrecision(6)))).toEqual([0.02, 0.02, 0.002, 0.002, 0.0002, 0.0002])
    }
  })

  test('schedules of all lengths share the trunk', () => {
    const short = paperSchedule({ times: 2, unit: 450 })
    const long = paperSchedule({ times: 6, unit: 450 })
    for (let step = 0; step < short.trunk; step++) expect(short.rate(step)).toBe(long.rate(step))
    expect(fixedTail({ base: 1, steps: 10, drops: [20] })(0)).toBe(0.1)
    expect(scaledRate({ base: 0.02, batch: 8 })).toBe(0.01)
  })
})
