/** A box x1, y1, x2, y2 in pixels. */
export type Corners = readonly [number, number, number, number]

/** A box of whole pixels around its mask, both ends included. */
interface Frame {
  readonly left: number
  readonly top: number
  readonly right: number
  readonly bottom: number
}

/** The box of a mask that was widened by `padding` cells on each side, cut to whole pixels toward zero. */
const widened = ([x1, y1, x2, y2]: Corners, side: number, padding: number): Frame => {
  const scale = (side + 2 * padding) / side
  const [x, y] = [(x2 + x1) * 0.5, (y2 + y1) * 0.5]
  const [w, h] = [(x2 - x1) * 0.5 * scale, (y2 - y1) * 0.5 * scale]
  return { left: Math.trunc(x - w), top: Math.trunc(y - h), right: Math.trunc(x + w), bottom: Math.trunc(y + h) }
}

/** Between which cells of `from` each of `to` pixels samples, and how far towards the second. */
const samples = (from: number, to: number): readonly { readonly low: number; readonly high: number; readonly share: number }[] =>
  Array.from({ length: to }, (_, pixel) => {
    const at = Math.max(0, ((pixel + 0.5) * from) / to - 0.5)
    const low = Math.min(from - 1, Math.floor(at))
    return { low, high: Math.min(from - 1, low + 1), share: at - low }
  })

/**
 * A mask's probabilities, `side` × `side` cells over its box, as soft values of the whole image, `height` × `width`, row by row: widened by
 * `padding` empty cells on each side and resized bilinearly into the box's whole pixels, zero outside (torchvision's `paste_masks_in_image`,
 * after Detectron). A pixel belongs to the object at 0.5 or more.
 */
export const pasteMask = (
  probabilities: ArrayLike<number>,
  side: number,
  box: Corners,
  { height, width }: { readonly height: number; readonly width: number },
  padding = 1
): Float64Array => {
  const { left, top, right, bottom } = widened(box, side, padding)
  const cells = side + 2 * padding
  const columns = samples(cells, Math.max(1, right - left + 1))
  const rows = samples(cells, Math.max(1, bottom - top + 1))
  const cell = (row: number, column: number): number => {
    const [y, x] = [row - padding, column - padding]
    return y < 0 || x < 0 || y >= side || x >= side ? 0 : (probabilities[y * side + x] ?? 0)
  }
  const pasted = new Float64Array(height * width)
  rows.forEach((row, dy) => {
    const y = top + dy
    if (y < 0 || y >= height) return
    columns.forEach((column, dx) => {
      const x = left + dx
      if (x < 0 || x >= width) return
      const across = (at: number): number => cell(at, column.low) * (1 - column.share) + cell(at, column.high) * column.share
      pasted[y * width + x] = across(row.low) * (1 - row.share) + across(row.high) * row.share
    })
  })
  return pasted
}
