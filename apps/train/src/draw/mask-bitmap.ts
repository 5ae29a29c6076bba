import type { Bitmap } from './picture.js'
import type { RunLengths } from '../scenes/mask.js'

/** A mask as a bitmap of rows, whichever way it was given. */
export const toBitmap = (mask: Bitmap | RunLengths): Bitmap => {
  if ('data' in mask) return mask
  const [height, width] = mask.size
  const data = new Uint8Array(width * height)
  let at = 0
  mask.counts.forEach((count, run) => {
    // Runs go down the columns.
    if (run % 2 === 1)
      for (let index = at; index < at + count; index += 1) data[(index % height) * width + Math.floor(index / height)] = 1
    at += count
  })
  return { width, height, data }
}

/** Mixes a colour into RGB pixels `zoom` times the mask's size: lightly inside, fully on the mask's border. */
export const paintMask = (
  pixels: Uint8Array,
  mask: Bitmap,
  zoom: number,
  [red, green, blue]: readonly [number, number, number],
  opacity: number
): void => {
  const [width, height] = [mask.width * zoom, mask.height * zoom]
  const inside = (x: number, y: number): boolean =>
    x >= 0 && y >= 0 && x < width && y < height && mask.data[Math.floor(y / zoom) * mask.width + Math.floor(x / zoom)] !== 0
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      if (!inside(x, y)) continue
      const border = !(inside(x - 1, y) && inside(x + 1, y) && inside(x, y - 1) && inside(x, y + 1))
      const share = border ? 1 : opacity
      const at = 3 * (y * width + x)
      pixels[at] = Math.round((pixels[at] ?? 0) * (1 - share) + red * share)
      pixels[at + 1] = Math.round((pixels[at + 1] ?? 0) * (1 - share) + green * share)
      pixels[at + 2] = Math.round((pixels[at + 2] ?? 0) * (1 - share) + blue * share)
    }
  }
}
