import { normalizeValue } from './normalization.js'
import { paddedSize } from './pad.js'
import type { Size } from './resize.js'
import { resizeBilinear, resizeBoxes, resizeNearest, scaledSize } from './resize.js'

/** One image of `rcnnTransform`: planes [3, height, width] from 0 to 1, boxes [n, 4] (x0, y0, x1, y1), masks [n, height, width]. */
export interface TransformInput extends Size {
  readonly image: Float32Array
  readonly boxes: Float32Array
  readonly masks: Uint8Array
}

/** Options of `rcnnTransform`, torchvision's names in camel case. */
export interface TransformOptions {
  readonly minSize: number
  readonly maxSize: number
  readonly mean: readonly number[]
  readonly std: readonly number[]
  readonly sizeDivisible: number
}

/** A batch [N, 3, height, width] and each image's size, boxes and masks in it. */
export interface Transformed extends Size {
  readonly batch: Float32Array
  readonly images: readonly (Size & { readonly boxes: Float64Array; readonly masks: Uint8Array })[]
}

/**
 * torchvision's GeneralizedRCNNTransform: normalizes, resizes (image bilinearly, masks to the nearest pixel), and pads at the right and
 * bottom with zeros to the batch's largest size, rounded up. Equal to it within 1e-5.
 */
export const rcnnTransform = ({ minSize, maxSize, mean, std, sizeDivisible }: TransformOptions, inputs: readonly TransformInput[]): Transformed => {
  const sizes = inputs.map((input) => scaledSize(input, minSize, maxSize))
  const { height, width } = paddedSize(sizes, sizeDivisible)
  const batch = new Float32Array(inputs.length * 3 * height * width)
  const images = inputs.map((input, n) => {
    const size = sizes[n] ?? input
    for (let c = 0; c < 3; c++) {
      const readRow = (y: number, into: Float32Array): void => {
        const start = (c * input.height + y) * input.width
        for (let x = 0; x < input.width; x++) into[x] = normalizeValue(input.image[start + x] ?? 0, mean[c] ?? 0, std[c] ?? 1)
      }
      resizeBilinear({ height: input.height, width: input.width, readRow }, size, batch, (n * 3 + c) * height * width, width)
    }
    const pixels = input.height * input.width
    const count = pixels === 0 ? 0 : input.masks.length / pixels
    const masks = new Uint8Array(count * size.height * size.width)
    for (let k = 0; k < count; k++) resizeNearest(input.masks.subarray(k * pixels, (k + 1) * pixels), input, size, masks, k * size.height * size.width)
    return { ...size, boxes: resizeBoxes(input.boxes, input, size), masks }
  })
  return { batch, height, width, images }
}
