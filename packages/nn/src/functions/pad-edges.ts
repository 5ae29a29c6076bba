import { constant, gather, integers, ShapeError } from '@tabula/tensor'
import type { Shape, Tensor } from '@tabula/tensor'

/** Elements to add before and after along an axis. */
export interface EdgePadding {
  readonly axis: number
  readonly before: number
  readonly after: number
}

const sourceOf = (mode: 'reflect' | 'replicate', size: number, position: number): number => {
  if (mode === 'replicate') return Math.min(size - 1, Math.max(0, position))
  return position < 0 ? -position : position >= size ? 2 * (size - 1) - position : position
}

/**
 * x extended by its own elements: `reflect` mirrors at the outermost element without repeating it, `replicate` repeats it
 * (PyTorch's `pad`). Throws `ShapeError` where there are not enough elements to mirror.
 */
export const padEdges =
  (mode: 'reflect' | 'replicate', ...paddings: readonly EdgePadding[]) =>
  (x: Tensor<Shape, 'f32'>): Tensor<Shape, 'f32'> =>
    paddings.reduce((extended, { axis, before, after }) => {
      const size = extended.shape[axis] ?? 0
      if (size === 0 || (mode === 'reflect' && Math.max(before, after) >= size)) {
        throw new ShapeError({ operation: 'padEdges', operand: `axis ${axis}`, expected: `more than ${Math.max(before, after)} elements to ${mode}`, found: String(size) })
      }
      const sources = Array.from({ length: before + size + after }, (_, k) => sourceOf(mode, size, k - before))
      return gather(constant<'i32'>(integers([sources.length], sources)), { axis })(extended)
    }, x)
