import { add, div, expm1, mul, neg, sqrt, square, sub } from '@tabula/tensor'
import { zipTrees } from '../tree.js'
import type { Parameter } from '../tree.js'
import { initialState, settingsOf, slotOf } from './optimizer.js'
import type { Optimizer, ParameterGroup } from './optimizer.js'

/** Settings of Adam; PyTorch's defaults. */
export interface AdamOptions {
  readonly betas?: readonly [number, number]
  readonly eps?: number
  readonly weightDecay?: number
  readonly groups?: readonly ParameterGroup[]
}

/** 1 − β^step, without cancellation for β near 1. */
const correction = (beta: number, step: Parameter): Parameter => neg(expm1(mul(step, Math.log(beta))))

const family = (name: string, decoupled: boolean, { betas: [beta1, beta2] = [0.9, 0.999], eps = 1e-8, weightDecay = 0, groups = [] }: AdamOptions): Optimizer => ({
  name,
  init: initialState(['mean', 'square']),
  update: (gradients, state, params, learningRate) => {
    const step: Parameter = add(state.step, 1)
    const decayOf = (path: string): number => settingsOf(groups, weightDecay, path).weightDecay
    const effective = decoupled
      ? gradients
      : zipTrees(gradients, [params], ([gradient, parameter = gradient], path) => add(gradient, mul(parameter, decayOf(path))))
    const moment = (slot: string, beta: number, of: (gradient: Parameter) => Parameter) =>
      zipTrees(effective, [slotOf(name, state, slot)], ([gradient, old = gradient]) => add(mul(old, beta), mul(of(gradient), 1 - beta)))
    const means = moment('mean', beta1, (gradient) => gradient)
    const squares = moment('square', beta2, square)
    const root = sqrt(correction(beta2, step))
    const rate: Parameter = div(learningRate, correction(beta1, step))
    const next = zipTrees(params, [means, squares], ([parameter, m = parameter, v = parameter], path) => {
      const { weightDecay: decay, learningRate: factor } = settingsOf(groups, weightDecay, path)
      const kept: Parameter = decoupled && decay !== 0 ? sub(parameter, mul(parameter, mul(learningRate, factor * decay))) : parameter
      return sub(kept, mul(div(m, add(div(sqrt(v), root), eps)), factor === 1 ? rate : mul(rate, factor)))
    })
    return [next, { step, slots: { mean: means, square: squares } }]
  }
})

/** Adam (Kingma & Ba 2015; PyTorch's `Adam`); weight decay is added to the gradient. */
export const adam = (options: AdamOptions = {}): Optimizer => family('adam', false, options)

/** Adam with decoupled weight decay (Loshchilov & Hutter 2019; PyTorch's `AdamW`, whose default decay 0.01 is kept). */
export const adamW = ({ weightDecay = 0.01, ...options }: AdamOptions = {}): Optimizer => family('adamW', true, { ...options, weightDecay })
