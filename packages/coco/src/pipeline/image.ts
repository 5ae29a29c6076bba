/** A decoded image: row by row, red, green and blue bytes of each pixel. Treat `data` as read-only. */
export interface RgbImage {
  readonly width: number
  readonly height: number
  /** [height, width, 3] */
  readonly data: Uint8Array
}
