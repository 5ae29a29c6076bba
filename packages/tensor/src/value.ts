import { allocate } from './dtype.js'
import type { DataOf, Dtype } from './dtype.js'
import type { DeviceError } from './errors.js'
import { ShapeError } from './errors.js'
import type { Sizes } from './shape.js'
import { showShape, sizeOf } from './shape.js'
import type { TaskEither } from 'fp-ts/lib/TaskEither.js'

/** Concrete numbers in the host's memory, row-major. Treat `data` as read-only: values are immutable. */
export interface HostValue<D extends Dtype = Dtype> {
  readonly kind: 'host'
  readonly dtype: D
  readonly shape: Sizes
  readonly data: DataOf[D]
}

/** Concrete numbers that live on a device until they are read. */
export interface ResidentValue<D extends Dtype = Dtype> {
  readonly kind: 'resident'
  readonly dtype: D
  readonly shape: Sizes
  readonly device: string
  readonly read: TaskEither<DeviceError, HostValue<D>>
}

/** Data, as opposed to a `Tensor`, which is an expression. */
export type Value<D extends Dtype = Dtype> = HostValue<D> | ResidentValue<D>

/** A host value of the given type, shape and data. Throws `ShapeError` where their sizes differ. */
export const hostValue = <D extends Dtype>(dtype: D, shape: Sizes, data: DataOf[D]): HostValue<D> => {
  if (data.length !== sizeOf(shape)) {
    throw new ShapeError({
      operation: 'hostValue',
      operand: 'data',
      expected: `${sizeOf(shape)} elements for ${showShape(shape)}`,
      found: `${data.length} elements`
    })
  }
  return { kind: 'host', dtype, shape, data }
}

/** A host value from plain numbers (booleans as 0 and 1). */
export const valueOf = <D extends Dtype>(dtype: D, shape: Sizes, numbers: ArrayLike<number>): HostValue<D> => {
  const data = allocate(dtype, numbers.length)
  data.set(numbers)
  return hostValue(dtype, shape, data)
}

/** A `f32` host value from plain numbers. */
export const floats = (shape: Sizes, numbers: ArrayLike<number>): HostValue<'f32'> => valueOf('f32', shape, numbers)

/** An `i32` host value from plain numbers. */
export const integers = (shape: Sizes, numbers: ArrayLike<number>): HostValue<'i32'> => valueOf('i32', shape, numbers)

/** A rank-0 `f32` host value. */
export const scalar = (x: number): HostValue<'f32'> => valueOf('f32', [], [x])
