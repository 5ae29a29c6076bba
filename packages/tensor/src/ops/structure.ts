import { bind, bindAll } from '../bind.js'
import type { Dtype } from '../dtype.js'
import { ShapeError } from '../errors.js'
import { trace } from '../graph/trace.js'
import type { Tensor } from '../node.js'
import type { Dim, Shape } from '../shape-types.js'
import { showShape } from '../shape.js'
import { replaceTensors, tensorsOf } from '../tree.js'
import type { TensorsOf } from '../tree.js'
import { assume } from './typed.js'

/** x, through which no derivative flows. */
export const stopGradient = <S extends Shape, D extends Dtype>(x: Tensor<S, D>): Tensor<S, D> => assume(bind('stopGradient', {}, x))

/** The sum of x over all replicas; `label` names the layer that asks. With one replica it is x. */
export const allReduce =
  (label: string) =>
  <S extends Shape>(x: Tensor<S, 'f32'>): Tensor<S, 'f32'> =>
    assume(bind('allReduce', { label }, x))

/**
 * One of several functions of the same operands, by an index that is clamped into range. All branches answer trees of one structure,
 * with the same shapes. Throws `ShapeError`.
 *
 * Only the branch taken is computed, and differentiated: what another would refuse, such as an index out of range, or make infinite does
 * no harm. The index has no derivative. (`select` computes both sides and picks elements.)
 */
export const cond = <Operands, Result>(
  index: Tensor<Shape, 'i32'>,
  branches: readonly [(operands: TensorsOf<Operands>) => Result, ...((operands: TensorsOf<Operands>) => Result)[]],
  operands: Operands & TensorsOf<Operands>
): Result => {
  const traced = branches.map((branch) => trace<Operands, Result>(branch, operands))
  const [first] = traced
  if (first === undefined) throw new ShapeError({ operation: 'cond', operand: 'branches', expected: 'at least one', found: 'none' })
  const inputs = tensorsOf(operands)
  const outputs = bindAll('cond', { branches: traced.map(({ graph }) => graph) }, index, ...inputs)
  return replaceTensors(first.result, outputs)
}

/**
 * Attaches axis names at a program's boundary: checks rank, literal sizes and, with `divisible`, that every named height and width
 * is a multiple. Inside, dimensions are names, literals or `number`. Throws `ShapeError`.
 */
export const named =
  <const S extends readonly Dim[]>(shape: S, { divisible = 1 }: { readonly divisible?: number } = {}) =>
  <D extends Dtype>(x: Tensor<Shape, D>): Tensor<S, D> => {
    const fits =
      x.shape.length === shape.length &&
      shape.every((dim, axis) => {
        const size = x.shape[axis] ?? 0
        return typeof dim === 'number' ? dim === size : dim === 'N' || size % divisible === 0
      })
    if (!fits) {
      const expected = `[${shape.join(',')}]${divisible === 1 ? '' : ` with named sizes but N divisible by ${divisible}`}`
      throw new ShapeError({ operation: 'named', operand: 'tensor', expected, found: showShape(x.shape) })
    }
    return assume(x)
  }
