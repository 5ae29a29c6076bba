import { constant, hostValue, neg, scalar, sizeOf, stack, take } from '@tabula/tensor'
import { adam, adamW, clipByGlobalNorm, sgd } from '@tabula/nn'
import type { Optimizer } from '@tabula/nn'
import type { Arguments, Floats, Operation, Operations, Recorded } from './recorded.js'
import { number } from './recorded.js'

/** The state that an optimizer begins with, as expressions. */
const initialState = (optimizer: Optimizer, parameter: Floats) => {
  const zeros = optimizer.init({ p: hostValue('f32', parameter.shape, new Float64Array(sizeOf(parameter.shape))) })
  const slots = Object.fromEntries(Object.entries(zeros.slots).map(([name, { p }]) => [name, { p: constant(p) as Floats }]))
  return { step: constant(scalar(0)) as Floats, slots }
}

/** The parameter after each of the recorded gradients. */
const path = ({ floats, args }: Recorded, optimizer: Optimizer): Floats => {
  const [start, recordedGradients] = [floats('p'), floats('grads')]
  const gradients: Floats = args.truth('maximize') ? neg(recordedGradients) : recordedGradients
  const steps = Array.from({ length: gradients.shape[0] ?? 0 }, (_, index) => index)
  const visited = steps.reduce<{ readonly params: { readonly p: Floats }; readonly state: ReturnType<typeof initialState>; readonly all: readonly Floats[] }>(
    ({ params, state, all }, index) => {
      const [next, nextState] = optimizer.update({ p: take({ axis: 0, index })(gradients) }, state, params, number(args.number('lr')))
      return { params: next, state: { step: nextState.step, slots: { ...nextState.slots } }, all: [...all, next.p] }
    },
    { params: { p: start }, state: initialState(optimizer, start), all: [] }
  )
  return stack({ axis: 0 })(visited.all)
}

const optimizer = (choose: (args: Arguments) => Optimizer): Operation => ({ accuracy: 'optimizer', build: (recorded) => path(recorded, choose(recorded.args)) })

const adamOptions = (args: Arguments) => {
  const [beta1 = 0.9, beta2 = 0.999] = args.list('betas', [0.9, 0.999])
  args.only('amsgrad', false)
  return { betas: [beta1, beta2] as const, eps: args.number('eps', 1e-8) }
}

/** Group `optim`, optimizers. */
export const optimizers: Operations = {
  sgd: optimizer((args) =>
    sgd({
      momentum: args.number('momentum', 0),
      nesterov: args.truth('nesterov'),
      dampening: args.number('dampening', 0),
      weightDecay: args.number('weight_decay', 0)
    })
  ),
  adam: optimizer((args) => adam({ ...adamOptions(args), weightDecay: args.number('weight_decay', 0) })),
  adamw: optimizer((args) => adamW({ ...adamOptions(args), weightDecay: args.number('weight_decay', 0.01) })),
  rmsprop: { skip: 'rmsprop does not exist yet' },
  clip_grad_norm: {
    accuracy: 'optimizer',
    build: ({ names, floats, args }) => {
      args.only('norm_type', 2)
      const { gradients, norm } = clipByGlobalNorm({ maximum: args.number('max_norm') })(Object.fromEntries(names.map((name) => [name, floats(name)])))
      return { norm, ...gradients }
    }
  }
}
