/** A box x1, y1, x2, y2 in pixels. */
export type Corners = readonly [number, number, number, number]

/**
 * How a mask over a box becomes pixels. `padded`: widened by empty cells, the box cut to whole pixels (Detectron, torchvision), of corners that
 * are the last pixel (`inclusive`) or one past it. `centres`: each pixel reads the mask at its centre (detectron2), which needs no whole pixels.
 */
export type PasteRule =
  | { readonly _tag: 'padded'; readonly padding: number; readonly pixels: 'inclusive' | 'exclusive' }
  | { readonly _tag: 'centres' }

/** Probabilities over a box, `side` × `side` cells, row by row from `start` on. */
export interface MaskCells {
  readonly probabilities: ArrayLike<number>
  readonly side: number
  /** Where the mask begins in `probabilities`; 0 where not given. */
  readonly start?: number
}

/** Between which cells a pixel samples, and how far towards the second; cells below 0 and from `cells` on are empty. */
interface Tap {
  readonly low: number
  readonly high: number
  readonly share: number
}

/** Pixels of an image along one axis that a mask reaches: from `first` on. */
interface Span {
  readonly first: number
  readonly taps: readonly Tap[]
}

/** Of `count` pixels from `first` on those inside an image of `size`, however far a box reaches out of it. */
const insideImage = (first: number, count: number, size: number, tapOf: (pixel: number) => Tap): Span => {
  const [from, to] = [Math.max(0, -first), Math.min(count, size - first)]
  return { first: first + from, taps: Array.from({ length: Math.max(0, to - from) }, (_, k) => tapOf(from + k)) }
}

/** Bilinear resizing of `side` cells and `padding` empty ones on each end into the whole pixels from `low` to `high`, both ends included. */
const paddedSpan = (low: number, high: number, side: number, padding: number, size: number): Span => {
  const cells = side + 2 * padding
  const [centre, half] = [(high + low) * 0.5, (high - low) * 0.5 * (cells / side)]
  const first = Math.trunc(centre - half)
  const count = Math.max(1, Math.trunc(centre + half) - first + 1)
  return insideImage(first, count, size, (pixel) => {
    const at = Math.max(0, ((pixel + 0.5) * cells) / count - 0.5)
    const before = Math.min(cells - 1, Math.floor(at))
    return { low: before - padding, high: Math.min(cells - 1, before + 1) - padding, share: at - before }
  })
}

/** The pixels whose centres lie within a cell of `side` cells that span `low` to `high`. */
const centredSpan = (low: number, high: number, side: number, size: number): Span => {
  const first = Math.floor(low) - 1
  return insideImage(first, Math.max(0, Math.ceil(high) + 1 - first), size, (pixel) => {
    const at = ((first + pixel + 0.5 - low) / Math.max(high - low, 1e-6)) * side - 0.5
    const before = Math.floor(at)
    return { low: before, high: before + 1, share: at - before }
  })
}

/** Calls `write` with the position and the soft value of every pixel of the image that the mask reaches. */
const eachPixel = (
  rule: PasteRule,
  { probabilities, side, start = 0 }: MaskCells,
  [x1, y1, x2, y2]: Corners,
  { height, width }: { readonly height: number; readonly width: number },
  write: (at: number, value: number) => void
): void => {
  const last = rule._tag === 'padded' && rule.pixels === 'inclusive' ? 1 : 0
  const span = (low: number, high: number, size: number): Span => (rule._tag === 'padded' ? paddedSpan(low, high - last, side, rule.padding, size) : centredSpan(low, high, side, size))
  const [columns, rows] = [span(x1, x2, width), span(y1, y2, height)]
  const cell = (row: number, column: number): number => (row < 0 || column < 0 || row >= side || column >= side ? 0 : (probabilities[start + row * side + column] ?? 0))
  rows.taps.forEach((row, dy) => {
    const y = rows.first + dy
    columns.taps.forEach((column, dx) => {
      const x = columns.first + dx
      const across = (at: number): number => cell(at, column.low) * (1 - column.share) + cell(at, column.high) * column.share
      write(y * width + x, across(row.low) * (1 - row.share) + across(row.high) * row.share)
    })
  })
}

/**
 * A mask's probabilities as soft values of the whole image, `height` × `width`, row by row, zero outside its box: torchvision's
 * `paste_masks_in_image`, detectron2's with `{ _tag: 'centres' }`. A pixel belongs to the object at 0.5 or more.
 */
export const pasteMask = (rule: PasteRule, mask: MaskCells, box: Corners, image: { readonly height: number; readonly width: number }): Float64Array => {
  const pasted = new Float64Array(image.height * image.width)
  eachPixel(rule, mask, box, image, (at, value) => (pasted[at] = value))
  return pasted
}

/** The same as a bitmap: 1 where the soft value is at least `threshold` (above it, for Detectron's inclusive pixels). */
export const pasteBitmap = (rule: PasteRule, mask: MaskCells, box: Corners, image: { readonly height: number; readonly width: number }, threshold = 0.5): Uint8Array => {
  const bitmap = new Uint8Array(image.height * image.width)
  const above = rule._tag === 'padded' && rule.pixels === 'inclusive'
  eachPixel(rule, mask, box, image, (at, value) => (bitmap[at] = value > threshold || (!above && value === threshold) ? 1 : 0))
  return bitmap
}
