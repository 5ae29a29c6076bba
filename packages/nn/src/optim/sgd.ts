import { add, equal, mul, select, sub } from '@tabula/tensor'
import { zipTrees } from '../tree.js'
import type { Parameter } from '../tree.js'
import { initialState, settingsOf, slotOf } from './optimizer.js'
import type { Optimizer, ParameterGroup } from './optimizer.js'

/** Settings of stochastic gradient descent; PyTorch's defaults. */
export interface SgdOptions {
  readonly momentum?: number
  readonly nesterov?: boolean
  /** 1 − the gradient's share in the momentum, from the second step on. */
  readonly dampening?: number
  /** Added to the gradient: weightDecay · parameter. */
  readonly weightDecay?: number
  readonly groups?: readonly ParameterGroup[]
}

const decayed = (gradient: Parameter, parameter: Parameter, weightDecay: number): Parameter =>
  weightDecay === 0 ? gradient : add(gradient, mul(parameter, weightDecay))

/** Stochastic gradient descent with momentum, as PyTorch's `SGD`: v ← μ·v + g, p ← p − lr·v; the learning rate is outside of v. */
export const sgd = ({ momentum = 0, nesterov = false, dampening = 0, weightDecay = 0, groups = [] }: SgdOptions = {}): Optimizer => ({
  name: 'sgd',
  init: initialState(momentum === 0 ? [] : ['momentum']),
  update: (gradients, state, params, learningRate) => {
    const effective = zipTrees(gradients, [params], ([gradient, parameter = gradient], path) =>
      decayed(gradient, parameter, settingsOf(groups, weightDecay, path).weightDecay)
    )
    const share: Parameter | number = dampening === 0 ? 1 : select(equal(state.step, 0), 1, 1 - dampening)
    const velocity =
      momentum === 0
        ? undefined
        : zipTrees(effective, [slotOf('sgd', state, 'momentum')], ([gradient, old = gradient]) =>
            add(mul(old, momentum), dampening === 0 ? gradient : mul(gradient, share))
          )
    const direction =
      velocity === undefined ? effective : nesterov ? zipTrees(effective, [velocity], ([gradient, v = gradient]) => add(gradient, mul(v, momentum))) : velocity
    const next = zipTrees(params, [direction], ([parameter, d = parameter], path) => {
      const factor = settingsOf(groups, weightDecay, path).learningRate
      return sub(parameter, mul(d, factor === 1 ? learningRate : mul(learningRate, factor)))
    })
    return [next, { step: add(state.step, 1), slots: velocity === undefined ? {} : { momentum: velocity } }]
  }
})
