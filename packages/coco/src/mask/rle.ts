/**
 * A binary mask as run lengths (COCO's `maskApi`): column by column, alternately zeros and ones, starting with zeros.
 * An immutable value; treat `counts` as read-only.
 */
export interface Rle {
  readonly height: number
  readonly width: number
  readonly counts: Uint32Array
}

/** Why a mask could not be made. */
export interface MaskError {
  readonly _tag: 'MaskError'
  readonly expected: string
  readonly found: string
}

/** A mask error's tagged value. */
export const maskError = (expected: string, found: string): MaskError => ({ _tag: 'MaskError', expected, found })

/** Run lengths of a row-major bitmap (nonzero is 1) of `height` × `width` bytes. */
export const encodeBitmap = (bitmap: ArrayLike<number>, height: number, width: number): Rle => {
  const counts: number[] = []
  let previous = 0
  let run = 0
  for (let x = 0; x < width; x++) {
    for (let y = 0; y < height; y++) {
      const bit = bitmap[y * width + x] === 0 ? 0 : 1
      if (bit !== previous) {
        counts.push(run)
        run = 0
        previous = bit
      }
      run++
    }
  }
  counts.push(run)
  return { height, width, counts: Uint32Array.from(counts) }
}

/** The row-major bitmap, one byte a pixel, 0 or 1; written into `target` at `offset` where given. */
export const decodeBitmap = ({ height, width, counts }: Rle, target = new Uint8Array(height * width), offset = 0): Uint8Array => {
  let position = 0
  let value = 0
  for (const run of counts) {
    if (value === 1) {
      let x = Math.floor(position / height)
      let y = position - x * height
      for (let k = 0; k < run; k++) {
        target[offset + y * width + x] = 1
        if (++y === height) {
          y = 0
          x++
        }
      }
    }
    position += run
    value = 1 - value
  }
  return target
}

/** Number of ones, in pixels. */
export const area = ({ counts }: Rle): number => {
  let sum = 0
  for (let index = 1; index < counts.length; index += 2) sum += counts[index] ?? 0
  return sum
}

/**
 * The box [x, y, w, h] around the ones, by the reference's rule (`rleToBbox`): a run that wraps over a column makes the box as high as
 * the image; an empty mask gives zeros.
 */
export const boundingBox = ({ height: h, width: w, counts }: Rle): readonly [number, number, number, number] => {
  const pairs = counts.length >> 1
  if (pairs === 0 || h === 0) return [0, 0, 0, 0]
  let [left, top, right, bottom] = [w, h, 0, 0]
  // The pixel after the last run, as a column and a row that may lie below the column's end.
  let x = 0
  let y = 0
  let position = 0
  for (let pair = 0; pair < pairs; pair++) {
    const zeros = counts[2 * pair] ?? 0
    const ones = counts[2 * pair + 1] ?? 0
    position += zeros + ones
    y += zeros
    if (y >= h) {
      // Most runs of zeros end in the next column: a division is rarely needed.
      const columns = y < 2 * h ? 1 : Math.floor(y / h)
      x += columns
      y -= columns * h
    }
    let lastX = x
    let lastY = y + ones - 1
    if (ones === 0 || lastY >= h) {
      // Unsigned, as in the reference: an empty run of ones at the very start wraps around.
      const last = (position - 1) >>> 0
      lastY = last % h
      lastX = (last - lastY) / h
      if (x < lastX) {
        top = 0
        bottom = h - 1
      }
    }
    if (x < left) left = x
    if (lastX < left) left = lastX
    if (x > right) right = x
    if (lastX > right) right = lastX
    if (y < top) top = y
    if (lastY < top) top = lastY
    if (y > bottom) bottom = y
    if (lastY > bottom) bottom = lastY
    y += ones
    if (y >= h) {
      const columns = Math.floor(y / h)
      x += columns
      y -= columns * h
    }
  }
  // Unsigned here, too: 2^32 is 0.
  return [left, top, (right - left + 1) >>> 0, (bottom - top + 1) >>> 0]
}

/** Same size and same pixels. */
export const sameMask = (a: Rle, b: Rle): boolean =>
  a.height === b.height && a.width === b.width && a.counts.length === b.counts.length && a.counts.every((run, index) => run === b.counts[index])
