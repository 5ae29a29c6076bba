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
  const pairs = Math.floor(counts.length / 2) * 2
  if (pairs === 0 || h === 0) return [0, 0, 0, 0]
  let [left, top, right, bottom] = [w, h, 0, 0]
  let previousX = 0
  let position = 0
  for (let index = 0; index < pairs; index++) {
    position += counts[index] ?? 0
    // Unsigned, as in the reference: an empty run of ones at the very start wraps around.
    const at = (position - (index % 2)) >>> 0
    const y = at % h
    const x = (at - y) / h
    if (index % 2 === 0) previousX = x
    else if (previousX < x) {
      top = 0
      bottom = h - 1
    }
    left = Math.min(left, x)
    right = Math.max(right, x)
    top = Math.min(top, y)
    bottom = Math.max(bottom, y)
  }
  return [left, top, right - left + 1, bottom - top + 1]
}

/** Same size and same pixels. */
export const sameMask = (a: Rle, b: Rle): boolean =>
  a.height === b.height && a.width === b.width && a.counts.length === b.counts.length && a.counts.every((run, index) => run === b.counts[index])
