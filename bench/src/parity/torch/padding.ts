import * as T from '@tabula/tensor'
import { integers } from './recorded.js'
import type { Floats } from './recorded.js'

/** Where each element of a padded axis comes from: `reflect` mirrors without the edge, `replicate` repeats it, `circular` goes on at the other end. */
const sources = (mode: string, size: number, before: number, after: number): readonly number[] =>
  Array.from({ length: before + size + after }, (_, k) => {
    const position = k - before
    if (mode === 'replicate') return Math.min(Math.max(position, 0), size - 1)
    if (mode === 'circular') return (position + size) % size
    if (mode === 'reflect') return position < 0 ? -position : position >= size ? 2 * (size - 1) - position : position
    throw new Error(`padding mode ${mode} is unknown`)
  })

/** PyTorch's `pad`: `amounts` are [before, after] of the last axis, then of the one before it, and so on; negative ones take away. */
export const padded = (x: Floats, mode: string, amounts: readonly number[], value: number): Floats => {
  const rank = x.shape.length
  const of = (axis: number, side: 0 | 1): number => amounts[2 * (rank - 1 - axis) + side] ?? 0
  const cropped: Floats = T.slice(
    ...x.shape.map((size, axis): T.Range => ({ axis, start: Math.max(0, -of(axis, 0)), limit: size - Math.max(0, -of(axis, 1)) }))
  )(x)
  const added = (side: 0 | 1): readonly number[] => x.shape.map((_, axis) => Math.max(0, of(axis, side)))
  const [low, high] = [added(0), added(1)]
  if (mode === 'constant') return T.pad({ low, high, value })(cropped)
  return cropped.shape.reduce<Floats>((tensor, size, axis) => {
    const indices = sources(mode, size, low[axis] ?? 0, high[axis] ?? 0)
    return T.gather(integers([indices.length], indices), { axis })(tensor)
  }, cropped)
}
