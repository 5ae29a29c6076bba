import type { RunLengths } from '../scenes/mask.js'

/** An RGB image: width × height × 3 bytes, row by row. */
export type RgbImage = { readonly width: number; readonly height: number; readonly data: Uint8Array }

/** A mask of the image's size: one byte per pixel, row by row, 0 outside. */
export type Bitmap = { readonly width: number; readonly height: number; readonly data: Uint8Array }

/** Red, green and blue, 0–255. */
export type Colour = readonly [number, number, number]

/** A detection, or a ground-truth object (no score), to draw. */
export type Drawable = {
  /** [left, top, right, bottom] in pixels of the image. */
  readonly box: readonly [number, number, number, number]
  /** As a bitmap, or as COCO's uncompressed run lengths. */
  readonly mask?: Bitmap | RunLengths
  readonly className: string
  /** 0–1; left out for ground truth. */
  readonly score?: number
  readonly colour: Colour
}

/** Why a picture could not be drawn. */
export type DrawError =
  | { readonly tag: 'InvalidDrawing'; readonly where: string; readonly expected: string; readonly found: string }
  | { readonly tag: 'FontUnavailable'; readonly found: string; readonly action: string }
  | { readonly tag: 'EncodingFailed'; readonly found: string }

/** One line for a person. */
export const describeDrawError = (error: DrawError): string => {
  switch (error.tag) {
    case 'InvalidDrawing':
      return `${error.where}: expected ${error.expected}, found ${error.found}`
    case 'FontUnavailable':
      return `the label font could not be read: ${error.found}; ${error.action}`
    case 'EncodingFailed':
      return `the picture could not be encoded: ${error.found}`
  }
}

/**
 * Colours for classes by index: hues a golden angle apart, at two depths, so that neighbours in a list differ and all of
 * them carry either black or white text well.
 */
export const classColour = (index: number): Colour => {
  const hue = (210 + 137.508 * index) % 360
  const lightness = index % 2 === 0 ? 0.58 : 0.46
  const reach = 0.9 * Math.min(lightness, 1 - lightness)
  const channel = (offset: number): number => {
    const k = (offset + hue / 30) % 12
    return Math.round(255 * (lightness - reach * Math.max(-1, Math.min(k - 3, 9 - k, 1))))
  }
  return [channel(0), channel(8), channel(4)]
}
