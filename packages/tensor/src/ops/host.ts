import { bindAll } from '../bind.js'
import type { Dtype } from '../dtype.js'
import type { Abstract, Tensor } from '../node.js'
import type { Shape } from '../shape-types.js'
import { isHostValue, isTensor, leavesOf, mapLeaves, tensorsOf } from '../tree.js'
import type { TensorsOf } from '../tree.js'
import type { HostValue } from '../value.js'

/** A tree of shapes and types as a tree of tensors. */
export type TensorsLike<T> = T extends Abstract<infer D>
  ? Tensor<Shape, D>
  : T extends null | undefined
    ? T
    : T extends object
      ? { readonly [K in keyof T]: TensorsLike<T[K]> }
      : T

/** A tree of shapes and types as a tree of host values. */
export type ValuesLike<T> = T extends Abstract<infer D extends Dtype>
  ? HostValue<D>
  : T extends null | undefined
    ? T
    : T extends object
      ? { readonly [K in keyof T]: ValuesLike<T[K]> }
      : T

/** A function in the host's memory, and what it answers. */
export interface HostFunction<Values, Outputs> {
  /** Names the function in reports and messages. */
  readonly name: string
  /** Shape and type of every result: a tree of such. */
  readonly outputs: Outputs
  /**
   * From the operands' values to the results, a tree of the structure of `outputs`. Pure: the same arrays make the same results, and none
   * is written to. It may be called as often as a device likes, and once for equal operands. `f32` values may be in either precision.
   */
  readonly run: (operands: Values) => NoInfer<ValuesLike<Outputs>>
}

const isAbstract = (x: unknown): x is Abstract => typeof x === 'object' && x !== null && 'shape' in x && 'dtype' in x && Array.isArray(x.shape)

/**
 * An escape hatch: a function on concrete arrays as a part of a program, for what no primitive computes. Devices run it in the host's
 * memory, with a border before and behind it, and say so in their reports, by its name. It has no derivative: differentiating through it is
 * a `DerivativeError`, unless `stopGradient` is written or it is the inside of a `customVjp`. A device answers an error where the function
 * throws, and where a result is not of the shape and type declared.
 */
export const host =
  <const Outputs, Values>({ name, outputs, run }: HostFunction<Values, Outputs>) =>
  (operands: TensorsOf<Values>): TensorsLike<Outputs> => {
    const inputs = tensorsOf(operands)
    const declared = leavesOf(outputs, isAbstract)
    const onValues = (values: readonly HostValue[]): readonly HostValue[] => {
      let next = 0
      // Every tensor became the value of its type; as TensorsOf states the other way round.
      const given = mapLeaves(operands, isTensor, () => values[next++]) as Values
      const answered = new Map(leavesOf(run(given), isHostValue).map(({ path, leaf }) => [path, leaf]))
      return declared.map(({ path }) => {
        const value = answered.get(path)
        if (value === undefined) throw new RangeError(`result ${path}: expected a value, found ${[...answered.keys()].join(', ') || 'nothing'}`)
        return value
      })
    }
    const results = bindAll('host', { name, outputs: declared.map(({ leaf: { shape, dtype } }) => ({ shape, dtype })), run: onValues }, ...inputs)
    let next = 0
    // Every shape and type became a tensor of it; that is what TensorsLike states.
    return mapLeaves(outputs, isAbstract, () => results[next++]) as TensorsLike<Outputs>
  }
