/**
 * Element types and the typed arrays that hold them.
 *
 * Every device computes `f32` in single precision, except the reference interpreter, which computes it in double
 * precision and therefore holds `f32` data in a `Float64Array`.
 */
export type Dtype = 'f32' | 'i32' | 'u32' | 'bool'

/** The typed array that holds each element type on the host. `bool` is one byte, 0 or 1. */
export interface DataOf {
  readonly f32: Float32Array | Float64Array
  readonly i32: Int32Array
  readonly u32: Uint32Array
  readonly bool: Uint8Array
}

/** How `f32` is stored: `single` on devices, `double` in the reference interpreter. */
export type Precision = 'single' | 'double'

const allocators: { readonly [D in Dtype]: (length: number, precision: Precision) => DataOf[D] } = {
  f32: (length, precision) => (precision === 'double' ? new Float64Array(length) : new Float32Array(length)),
  i32: (length) => new Int32Array(length),
  u32: (length) => new Uint32Array(length),
  bool: (length) => new Uint8Array(length)
}

/** A zero-filled array of `length` elements of the given type. */
export const allocate = <D extends Dtype>(dtype: D, length: number, precision: Precision = 'single'): DataOf[D] =>
  allocators[dtype](length, precision)

/** Bytes an element occupies on a device. */
export const bytesPerElement: { readonly [D in Dtype]: number } = { f32: 4, i32: 4, u32: 4, bool: 1 }
