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
  multi_step_lr: rates((args) => multiStep({ base: args.number('base'), milestones: args.list('milestones'), gamma: args.number('gamma', 0.1) })),
  linear_lr: rates((args) => {
    args.only('end_factor', 1)
    return warmUp({ steps: args.number('total_iters'), factor: args.number('start_factor', 1 / 3) })(constantRate(args.number('base')))
  }),
  /** Past `T_max` PyTorch follows the cosine up again, and so on with a period of twice that. */
  cosine_annealing_lr: rates((args) => {
    const steps = args.number('T_max')
    const falling = cosine({ base: args.number('base'), steps, minimum: args.number('eta_min', 0) })
    return (step) => falling(steps - Math.abs((step % (2 * steps)) - steps))
  })
}
