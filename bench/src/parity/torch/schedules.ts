import { constantRate, cosine, multiStep, warmUp } from '@tabula/nn'
import type { Schedule } from '@tabula/nn'
import type { Arguments, Operation, Operations } from './recorded.js'
import { elementwise, floats } from './recorded.js'

/** The rates at steps 0, 1, … as many as are recorded. */
const rates = (choose: (args: Arguments) => Schedule): Operation =>
  elementwise(({ args, recordedShape }) => {
    const [count = 0] = recordedShape('lr')
    const schedule = choose(args)
    return floats([count], Array.from({ length: count }, (_, step) => schedule(step)))
  })

/** Group `optim`, schedules. */
export const schedules: Operations = {
  multi_step_lr: rates((args) => multiStep({ base: args.number('base'), milestones: args.list('milestones'), gamma: args.number('gamma') })),
  linear_lr: rates((args) => warmUp({ steps: args.number('total_iters'), factor: args.number('start_factor') })(constantRate(args.number('base')))),
  cosine_annealing_lr: rates((args) => cosine({ base: args.number('base'), steps: args.number('T_max'), minimum: args.number('eta_min') }))
}
