import type { CocoError } from '../error.js'
import type { Size } from './resize.js'

/** One image of a batch: where it came from, how it was resized, and the objects in it. */
export interface BatchItem extends Size {
  readonly imageId: number
  readonly fileName: string
  /** `height` and `width` are the resized image's; the batch pads it at the right and bottom. */
  readonly originalHeight: number
  readonly originalWidth: number
  /** Resized by original size: box coordinates of the file times these are coordinates in the batch. */
  readonly scaleX: number
  readonly scaleY: number
  /** Whether image, boxes and masks are mirrored left to right. */
  readonly flipped: boolean
  /** [n, 4]: x0, y0, x1, y1 in pixels of the resized image. */
  readonly boxes: Float32Array
  /** [n]: contiguous labels from 1 (`labelMap`). */
  readonly labels: Int32Array
  /** Renders the masks [n, height, width], 0 or 1, at the resized size; each call anew. */
  readonly masks: () => Uint8Array
}

/** Images of one size for the network, and their objects. */
export interface Batch extends Size {
  /** [N, 3, height, width], normalized; zeros where padded. */
  readonly images: Float32Array
  readonly items: readonly BatchItem[]
  /** Images that could not be used and were replaced (policy `skip`). */
  readonly skipped: readonly CocoError[]
}
