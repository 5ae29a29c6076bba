import type { Sizes } from '../../shape.js'
import { stridesOf } from '../../shape.js'

/**
 * Where each element of a strided view lies: for every index of `shape` in row-major order, `base + Σ index·stride`.
 * Built axis by axis, so the cost is about one addition an element whatever the rank.
 */
export const offsetsOf = (shape: Sizes, strides: readonly number[], base = 0): Int32Array => {
  let offsets = Int32Array.of(base)
  shape.forEach((size, axis) => {
    const stride = strides[axis] ?? 0
    const next = new Int32Array(offsets.length * size)
    let k = 0
    for (let outer = 0; outer < offsets.length; outer++) {
      const start = offsets[outer] ?? 0
      for (let i = 0; i < size; i++) next[k++] = start + i * stride
    }
    offsets = next
  })
  return offsets
}

/** Strides with which an array of shape `from` reads as the shape it broadcasts to: 0 along every repeated axis. */
export const broadcastStrides = (from: Sizes, to: Sizes): readonly number[] => {
  const strides = stridesOf(from)
  const added = to.length - from.length
  return to.map((_, axis) => (axis < added || from[axis - added] === 1 ? 0 : (strides[axis - added] ?? 0)))
}

/** Sizes of the three parts of a shape around an axis: before it, along it, after it. */
export const around = (shape: Sizes, axis: number): { readonly outer: number; readonly size: number; readonly inner: number } => {
  let outer = 1
  let inner = 1
  shape.forEach((size, a) => {
    if (a < axis) outer *= size
    else if (a > axis) inner *= size
  })
  return { outer, size: shape[axis] ?? 1, inner }
}
