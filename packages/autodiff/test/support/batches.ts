import { bind, hostValue } from '@tabula/tensor'
import type { HostValue, PrimitiveName, Tensor } from '@tabula/tensor'
import type { Instances } from '@tabula/tensor/testing'

/** Data as part of the program. */
export const constantOf = (value: HostValue): Tensor => bind('constant', { value })

/** The same numbers in another order, so that what is valid for an operand stays valid; a single real number is counted on. */
export const another = (value: HostValue, by: number): HostValue => {
  const { length } = value.data
  const data = value.data.slice()
  for (let index = 0; index < length; index++) data[index] = value.data[(index + by) % length] ?? 0
  if (length === 1 && value.dtype === 'f32') data[0] = (value.data[0] ?? 0) + by
  return { ...value, data }
}

/** The index of another branch. */
export const next = (index: HostValue, by: number): HostValue => hostValue('i32', [], Int32Array.of((index.data[0] ?? 0) + by))

/** Instances without the promise that indices are unique, which other examples made of them would break. */
export const withoutPromise = (instances: Instances<PrimitiveName>): Instances<PrimitiveName> =>
  instances.map(({ attributes, inputs }) => ({
    inputs,
    attributes: 'uniqueIndices' in attributes ? { ...attributes, uniqueIndices: false } : attributes
  }))

/** Tensors of one shape as one tensor with a further axis. */
export const stacked = (examples: readonly Tensor[], axis: number): Tensor =>
  bind(
    'concatenate',
    { axis },
    ...examples.map((x) => bind('reshape', { shape: [...x.shape.slice(0, axis), 1, ...x.shape.slice(axis)] }, x))
  )
