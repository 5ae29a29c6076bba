import { bind, DerivativeError, hostValue, sizeOf } from '@tabula/tensor'
import type { HostValue, Sizes, Tensor } from '@tabula/tensor'
import { add } from '../../expression.js'
import { vjp } from '../../grad.js'
import { jvp } from '../../jvp.js'
import { vmap } from '../../vmap.js'
import type { RandomNumbers } from '../random.js'
import { another, constantOf, stacked } from './batching.js'
import type { Equation } from './equality.js'

type Tensors = readonly Tensor[]

/** A function's derivatives at one point: along a direction, and pulled back from cotangents. */
interface Derivatives {
  readonly tangents: Tensors
  readonly cotangents: Tensors
  readonly gradients: Tensors
}

const someNumbers = ({ uniform }: RandomNumbers, shape: Sizes): Tensor =>
  bind('constant', { value: hostValue('f32', shape, Float64Array.from({ length: sizeOf(shape) }, () => uniform(-1, 1))) })

/** Derivatives of f, which answers real tensors. Throws what differentiating f throws. */
const derivativesOf = (f: (operands: Tensors) => Tensors, point: Tensors, direction: Tensors, cotangentsOf: (value: Tensors) => Tensors): Derivatives => {
  const { value, pullback } = vjp(f)(point)
  const cotangents = cotangentsOf(value)
  return {
    // Real tensors move along real tensors.
    tangents: jvp(f, point, direction).tangent as Tensors,
    cotangents,
    gradients: pullback(cotangents)
  }
}

/** `undefined` where a function has no derivative. */
const unlessWithout = <T>(differentiate: () => T): T | undefined => {
  try {
    return differentiate()
  } catch (thrown) {
    if (thrown instanceof DerivativeError) return undefined
    throw thrown
  }
}

/** The tensors at one place of several lists. */
const column = (lists: readonly Tensors[], index: number): Tensors => lists.flatMap((list) => list.slice(index, index + 1))

/**
 * The laws that the derivative of a batch is the batch of the derivatives: forward mode of `vmap(f)` is that of f along the direction of
 * each example; reverse mode answers for a mapped operand the cotangent of each example, and for a shared one their sum. f answers real
 * tensors. No equations where f has no derivative.
 */
export const batchedDerivatives = (
  f: (operands: Tensors) => Tensors,
  operands: readonly HostValue[],
  mapped: readonly boolean[],
  random: RandomNumbers
): readonly Equation[] => {
  const isMapped = (index: number): boolean => mapped[index] === true
  const shared = operands.map(({ shape }) => someNumbers(random, shape))
  const points = Array.from({ length: 2 + random.below(2) }, (_, example) => ({
    at: operands.map((operand, index) => constantOf(isMapped(index) ? another(operand, example) : operand)),
    direction: shared.map((direction, index) => (isMapped(index) ? someNumbers(random, direction.shape) : direction))
  }))
  const each = unlessWithout(() =>
    points.map(({ at, direction }) => derivativesOf(f, at, direction, (value) => value.map(({ shape }) => someNumbers(random, shape))))
  )
  if (each === undefined) return []
  const whole = (tensors: Tensors): Tensors =>
    // All results have their batch in front.
    vmap((...one: Tensors) => f(one), { inAxes: mapped.map((is) => (is ? 0 : null)) })(...tensors) as Tensors
  const joined = (lists: readonly Tensors[]): Tensors =>
    operands.flatMap((_, index) => (isMapped(index) ? [stacked(column(lists, index), 0)] : column(lists, index).slice(0, 1)))
  const batch = derivativesOf(
    whole,
    joined(points.map(({ at }) => at)),
    joined(points.map(({ direction }) => direction)),
    (value) => value.map((_, index) => stacked(column(each.map(({ cotangents }) => cotangents), index), 0))
  )
  const tangents = each.map((one) => one.tangents)
  const gradients = each.map((one) => one.gradients)
  return [
    ...batch.tangents.map((found, index) => ({ of: `tangent of result ${index}`, expected: stacked(column(tangents, index), 0), found })),
    ...batch.gradients.map((found, index) => {
      const terms = column(gradients, index)
      return { of: `cotangent of operand ${index}`, expected: isMapped(index) ? stacked(terms, 0) : terms.reduce(add), found }
    })
  ]
}
