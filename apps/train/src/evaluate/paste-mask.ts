/** A box x0, y0, x1, y1 in pixels. */
export type Corners = readonly [number, number, number, number]

interface Tap {
  readonly low: number
  readonly weight: number
}

/** Where the centre of pixel `p` falls among `size` cells that span `from` to `to`: the cell before it and how far past its centre. */
const tapOf = (p: number, from: number, to: number, size: number): Tap => {
  const at = ((p + 0.5 - from) / Math.max(to - from, 1e-6)) * size - 0.5
  const low = Math.floor(at)
  return { low, weight: at - low }
}

/**
 * A mask's probabilities over its box (`size` × `size` from `offset` on) as a bitmap of the image: bilinear, zero outside, 1 where at
 * least `threshold` (detectron2's `paste_masks_in_image`, which needs no box of whole pixels).
 */
export const pasteMask = (probabilities: ArrayLike<number>, offset: number, size: number, [x0, y0, x1, y1]: Corners, height: number, width: number, threshold = 0.5): Uint8Array => {
  const bitmap = new Uint8Array(height * width)
  const [left, top] = [Math.max(0, Math.floor(x0) - 1), Math.max(0, Math.floor(y0) - 1)]
  const [right, bottom] = [Math.min(width, Math.ceil(x1) + 1), Math.min(height, Math.ceil(y1) + 1)]
  const at = (row: number, column: number): number => (row < 0 || column < 0 || row >= size || column >= size ? 0 : (probabilities[offset + row * size + column] ?? 0))
  const columns = Array.from({ length: Math.max(0, right - left) }, (_, k) => tapOf(left + k, x0, x1, size))
  for (let y = top; y < bottom; y++) {
    const row = tapOf(y, y0, y1, size)
    columns.forEach((column, k) => {
      const above = at(row.low, column.low) * (1 - column.weight) + at(row.low, column.low + 1) * column.weight
      const below = at(row.low + 1, column.low) * (1 - column.weight) + at(row.low + 1, column.low + 1) * column.weight
      if (above * (1 - row.weight) + below * row.weight >= threshold) bitmap[y * width + left + k] = 1
    })
  }
  return bitmap
}
