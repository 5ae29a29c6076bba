import { bind } from '../../../bind.js'
import type { Tensor } from '../../../node.js'
import { sizeOf } from '../../../shape.js'
import { floats, integers } from '../../../value.js'
import type { HostValue } from '../../../value.js'
import { Refused } from '../../reference/evaluation.js'

/** What a primitive refuses in an operand. */
export interface Refusal {
  /** The same for equal refusals. */
  readonly key: string
  /** Throws `Refused` at the first bad number. */
  readonly verify: (value: HostValue) => void
  /** How many of the operand's numbers are bad, as an expression: f32, rank 0. */
  readonly count: (operand: Tensor) => Tensor
  /** What is thrown where the count is not 0. */
  readonly refused: (count: number, operand: Tensor) => Refused
}

const countOf = (bad: Tensor): Tensor => bind('reduceSum', { axes: bad.shape.map((_, axis) => axis), keepDimensions: false }, bind('cast', { dtype: 'f32' }, bad))

/** Refuses integers outside [0, below); `what` they are. */
export const outside = (primitive: string, what: string, below: number): Refusal => ({
  key: `${what} below ${below}`,
  verify: ({ data }) =>
    data.forEach((index, position) => {
      if (index < 0 || index >= below) throw new Refused(primitive, `${what} ${index} at flat position ${position} is not in [0, ${below})`)
    }),
  count: (operand) => {
    const constant = (x: number): Tensor => bind('constant', { value: integers([], [x]) })
    return countOf(bind('or', {}, bind('less', {}, operand, constant(0)), bind('less', {}, constant(below - 1), operand)))
  },
  refused: (count, { shape }) => new Refused(primitive, `${what}: ${count} of ${sizeOf(shape)} are not in [0, ${below})`)
})

/** Refuses NaN and infinities. */
export const infinite = (primitive: string, what: string): Refusal => ({
  key: `finite ${what}`,
  verify: ({ data }) =>
    data.forEach((x, position) => {
      if (!Number.isFinite(x)) throw new Refused(primitive, `${what} ${x} at flat position ${position} must be finite`)
    }),
  count: (operand) => {
    // The largest finite number becomes 2²⁴ − 1. Comparisons with NaN are false.
    const scaled = bind('mul', {}, bind('abs', {}, operand), bind('constant', { value: floats([], [2 ** -104]) }))
    return countOf(bind('not', {}, bind('lessEqual', {}, scaled, bind('constant', { value: floats([], [2 ** 24]) }))))
  },
  refused: (count, { shape }) => new Refused(primitive, `${what}: ${count} of ${sizeOf(shape)} are not finite`)
})
