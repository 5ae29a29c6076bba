import { bind, hostValue } from '@tabula/tensor'
import type { HostValue, Tensor } from '@tabula/tensor'
import { vmap } from '../../vmap.js'
import type { RandomNumbers } from '../random.js'
import type { Equation } from './equality.js'

/** Data as part of the program. */
export const constantOf = (value: HostValue): Tensor => bind('constant', { value })

/** Tensors of one shape as one tensor with a further axis. */
export const stacked = (examples: readonly Tensor[], axis: number): Tensor =>
  bind(
    'concatenate',
    { axis },
    ...examples.map((x) => bind('reshape', { shape: [...x.shape.slice(0, axis), 1, ...x.shape.slice(axis)] }, x))
  )

/**
 * Another example of a value: the same numbers in another order, so that what is valid stays valid, and real numbers somewhat larger
 * in size, so that no two examples are equal.
 */
export const another = (value: HostValue, by: number): HostValue => {
  const { length } = value.data
  const from = (index: number): number => value.data[(index + by) % length] ?? 0
  if (value.dtype === 'f32') return hostValue('f32', value.shape, Float64Array.from({ length }, (_, index) => from(index) * (1 + 0.125 * by)))
  const data = value.data.slice()
  for (let index = 0; index < length; index++) data[index] = from(index)
  return { ...value, data }
}

/**
 * The law that `vmap(f)` is f of each example, stacked: for the operands that are mapped, each along an axis at a random place, others
 * shared. `exampleOf` makes the operands of an example. f answers tensors.
 */
export const stackedLoop = (
  f: (...operands: readonly Tensor[]) => readonly Tensor[],
  operands: readonly HostValue[],
  mapped: readonly boolean[],
  exampleOf: (operand: number, example: number) => HostValue,
  random: RandomNumbers,
  fewest = 1
): readonly Equation[] => {
  const size = fewest + random.below(3)
  const isMapped = (operand: number): boolean => mapped[operand] === true
  const examples = Array.from({ length: size }, (_, example) =>
    operands.map((operand, index) => constantOf(isMapped(index) ? exampleOf(index, example) : operand))
  )
  const inAxes = operands.map(({ shape }, index) => (isMapped(index) ? random.below(shape.length + 1) : null))
  const batches = operands.map((operand, index) => {
    const axis = inAxes[index]
    return typeof axis === 'number' ? stacked(examples.flatMap((example) => example.slice(index, index + 1)), axis) : constantOf(operand)
  })
  const each = examples.map((example) => f(...example))
  const outAxes = (each[0] ?? []).map(({ shape }) => random.below(shape.length + 1))
  const found = vmap(f, { inAxes, outAxes })(...batches) as readonly Tensor[]
  return outAxes.flatMap((axis, output) => {
    const result = found[output]
    const expected = stacked(each.flatMap((outputs) => outputs.slice(output, output + 1)), axis)
    return result === undefined ? [] : [{ of: `result ${output}`, expected, found: result }]
  })
}

/** Every choice of some of several operands, none left out. */
export const subsetsOf = (count: number): readonly (readonly boolean[])[] =>
  Array.from({ length: 2 ** count - 1 }, (_, bits) => Array.from({ length: count }, (_, index) => ((bits + 1) >> index) % 2 === 1))
