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

  test('each group follows the path that PyTorch records of its settings, step by step', () => {
    const rateOf = (name: string) => Number(attributesOf(name)['lr'])
    const [decayed, plain] = ['optim_sgd_momentum_decay', 'optim_sgd_momentum'] as const
    const optimizer = sgd({ momentum: 0.9, weightDecay: 0.01, groups: [{ matches: (path) => path === 'norm.weight', weightDecay: 0, learningRate: rateOf(plain) / rateOf(decayed) }] })
    const of = (name: string, index: number) => take({ axis: 0, index })(real(valueAt(`${name}/in.grads`)))
    const start = { conv: { weight: valueAt(`${decayed}/in.p`) }, norm: { weight: valueAt(`${plain}/in.p`) } }
    const initial = optimizer.init(start)
    type Tree = { readonly conv: { readonly weight: Parameter }; readonly norm: { readonly weight: Parameter } }
    const tensors = (tree: typeof start): Tree => ({ conv: { weight: real(tree.conv.weight) }, norm: { weight: real(tree.norm.weight) } })
    let params = tensors(start)
    let state: OptimizerState<Tree> = { step: real(initial.step), slots: Object.fromEntries(Object.entries(initial.slots).map(([name, slot]) => [name, tensors(slot)])) }
    const rate = tensor([], [rateOf(decayed)])
    expect(rateOf(plain)).not.toBe(rateOf(decayed))
    for (let step = 0; step < 6; step++) {
      const [next, after] = optimizer.update({ conv: { weight: of(decayed, step) }, norm: { weight: of(plain, step) } }, state, params, rate)
      params = next
      state = after
      for (const [name, { weight }] of [[decayed, params.conv], [plain, params.norm]] as const) {
        const [expected] = run(take({ axis: 0, index: step })(real(valueAt(`${name}/out.path`))))
        if (expected === undefined) throw new Error('no path')
        expect(largestError(run(weight)[0], expected)).toBeLessThan(1e-10)
      }
    }
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

  test.each([
    [1, 90_000, 30_000, 70_000],
    [2, 180_000, 120_000, 160_000],
    [3, 270_000, 210_000, 250_000],
    [4, 360_000, 300_000, 340_000],
    [5, 450_000, 390_000, 430_000],
    [6, 540_000, 480_000, 520_000],
    [9, 810_000, 750_000, 790_000],
    [11, 990_000, 930_000, 970_000]
  ])('%i×: %i steps, drops at %i and %i, as the paper and its configurations have them', (times, all, first, second) => {
    const { rate, steps, trunk } = paperSchedule({ times })
    expect([steps, trunk]).toEqual([all, first])
    const at = (step: number): number => Number(rate(step).toPrecision(9))
    expect([0, 1, 499, 500, first - 1, first, second - 1, second, all - 1].map(at)).toEqual([0.02 / 3, 0.02 * (1 / 3 + 2 / 1500), 0.02 * (1 / 3 + (2 * 499) / 1500), 0.02, 0.02, 0.002, 0.002, 0.0002, 0.0002].map((x) => Number(x.toPrecision(9))))
  })

  test('schedules of all lengths share the trunk', () => {
    const short = paperSchedule({ times: 2, unit: 450 })
    const long = paperSchedule({ times: 6, unit: 450 })
    for (let step = 0; step < short.trunk; step++) expect(short.rate(step)).toBe(long.rate(step))
    expect(fixedTail({ base: 1, steps: 10, drops: [20] })(0)).toBe(0.1)
    expect(scaledRate({ base: 0.02, batch: 8 })).toBe(0.01)
  })
})
