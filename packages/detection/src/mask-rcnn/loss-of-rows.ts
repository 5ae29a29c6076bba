import { customVjp, valueAndGrad } from '@tabula/autodiff'
import { assume, cast, cond, constant, floats, greater, mul, replaceTensors, tensorsOf, total } from '@tabula/tensor'
import type { Shape, Tensor } from '@tabula/tensor'

type Scalar = Tensor<readonly [], 'f32'>
/** The loss, and its derivatives. */
type Results = readonly [Scalar, readonly Tensor[]]

/** Thrown where a derivative of higher order is asked of a loss that brings its first derivatives along. */
export class HigherDerivativeError extends Error {
  override readonly name = 'HigherDerivativeError'
}

/** The derivatives that were computed with the value: they are numbers, which cannot be differentiated again. */
const onlyOnce = customVjp((x: Tensor): Tensor => x, {
  name: 'gradient of lossOfRows',
  vjp: () => {
    throw new HigherDerivativeError("lossOfRows: expected a first derivative, found one of higher order. Compute the loss on all rows instead (mask rows 'all').")
  }
})

/**
 * A loss that rests on the first `count` of a number of rows: computed on the fewest of `capacities` rows (ascending) that hold them all, as
 * costs are in proportion to rows and `count` is known only when the program runs. `loss(rows)` must not depend on `rows` where that is
 * at least `count`. Its value and its derivatives with respect to the tensors of `learned` are computed at once, in the branch taken.
 *
 * Throws `HigherDerivativeError` where the derivative is differentiated.
 */
export const lossOfRows =
  <Learned, Given>(capacities: readonly number[], loss: (rows: number) => (learned: Learned, given: Given) => Scalar) =>
  (count: Tensor, learned: Learned, given: Given): Scalar => {
    const variables = tensorsOf(learned)
    const constants = tensorsOf(given)
    const branches = capacities.map((rows) => (operands: readonly Tensor[]): readonly Tensor[] => {
      const at = (p: Learned): Scalar => loss(rows)(p, replaceTensors(given, operands.slice(variables.length)))
      const { value, gradient } = valueAndGrad(at)(replaceTensors(learned, operands.slice(0, variables.length)))
      return [value, ...tensorsOf(gradient)]
    })
    const [first, ...others] = branches
    if (first === undefined) throw new RangeError('lossOfRows: expected at least one capacity, found none.')
    const tooFew = constant(floats([capacities.length - 1], capacities.slice(0, -1)))
    const index: Tensor<Shape, 'i32'> = cast('i32')(capacities.length === 1 ? mul(count, 0) : total(cast('f32')(greater(count, tooFew))))
    const [value] = customVjp(
      (branch: Tensor, ...operands: readonly Tensor[]): Results => {
        const [loss, ...gradients] = cond<readonly Tensor[], readonly Tensor[]>(assume(branch), [first, ...others], operands)
        return [assume(loss ?? branch), gradients]
      },
      {
        name: 'lossOfRows',
        vjp: (_operands, [, gradients]: Results, [cotangent]: Results) => [
          undefined,
          ...gradients.map((gradient) => mul(onlyOnce(gradient), cotangent)),
          ...constants.map(() => undefined)
        ]
      }
    )(index, ...variables, ...constants)
    return value
  }
