import type { RgbImage } from './image.js'

/** The image mirrored left to right. */
export const flipImage = ({ width, height, data }: RgbImage): RgbImage => {
  const flipped = new Uint8Array(data.length)
  for (let y = 0; y < height; y++) {
    let to = y * width * 3
    for (let from = to + (width - 1) * 3, x = 0; x < width; x++, from -= 3) {
      flipped[to++] = data[from] ?? 0
      flipped[to++] = data[from + 1] ?? 0
      flipped[to++] = data[from + 2] ?? 0
    }
  }
  return { width, height, data: flipped }
}

/** Boxes x0, y0, x1, y1 in an image of this width, mirrored left to right: x becomes width − x, and the edges change places. */
export const flipBoxes = (boxes: Float32Array, width: number): Float32Array => {
  const flipped = Float32Array.from(boxes)
  for (let k = 0; k < boxes.length; k += 4) {
    flipped[k] = width - (boxes[k + 2] ?? 0)
    flipped[k + 2] = width - (boxes[k] ?? 0)
  }
  return flipped
}

/** Row-major bitmaps of this width, one below the other, mirrored left to right. */
export const flipMasks = (masks: Uint8Array, width: number): Uint8Array => {
  const flipped = Uint8Array.from(masks)
  for (let start = 0; start < masks.length; start += width) flipped.subarray(start, start + width).reverse()
  return flipped
}
