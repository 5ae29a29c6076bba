/** A height and a width in pixels. */
export interface Size {
  readonly height: number
  readonly width: number
}

/** size / side as PyTorch divides a number by a float32 tensor: times its reciprocal, each step rounded to float32. */
const quotient = (size: number, side: number): number => Math.fround(Math.fround(size) * Math.fround(1 / side))

/**
 * The size to which an image is resized: its shorter side becomes `minSize` unless its longer one would then exceed `maxSize`. The
 * scale is a float32 and sides are rounded down, as torchvision's GeneralizedRCNNTransform does (427 × 640 becomes 799 × 1199, not 800 × 1199);
 * at least one pixel remains.
 */
export const scaledSize = ({ height, width }: Size, minSize: number, maxSize: number): Size => {
  const scale = Math.min(quotient(minSize, Math.min(height, width)), quotient(maxSize, Math.max(height, width)))
  return { height: Math.max(1, Math.floor(height * scale)), width: Math.max(1, Math.floor(width * scale)) }
}

/** Where an output coordinate samples: between `low` and `high`, `weight` of the way. */
interface Taps {
  readonly low: Int32Array
  readonly high: Int32Array
  readonly weight: Float64Array
}

const taps = (from: number, to: number): Taps => {
  const ratio = from / to
  const low = new Int32Array(to)
  const high = new Int32Array(to)
  const weight = new Float64Array(to)
  for (let k = 0; k < to; k++) {
    const at = Math.max(0, ratio * (k + 0.5) - 0.5)
    const below = Math.min(Math.floor(at), from - 1)
    low[k] = below
    high[k] = Math.min(below + 1, from - 1)
    weight[k] = at - below
  }
  return { low, high, weight }
}

/** One channel of an image: its size and how to copy a row of it. */
export interface Channel extends Size {
  readonly readRow: (y: number, into: Float32Array) => void
}

/**
 * Resizes a channel bilinearly into `target`, from `offset`, with rows `stride` apart. Without antialiasing and with corners not
 * aligned: torch's `interpolate(mode='bilinear', align_corners=False)`, coordinates from the ratio of the sizes, in double precision.
 */
export const resizeBilinear = (channel: Channel, size: Size, target: Float32Array, offset = 0, stride = size.width): void => {
  const rows = taps(channel.height, size.height)
  const columns = taps(channel.width, size.width)
  const source = new Float32Array(channel.width)
  let upper = { y: -1, values: new Float32Array(size.width) }
  let lower = { y: -1, values: new Float32Array(size.width) }
  const fill = (row: typeof upper, y: number): void => {
    channel.readRow(y, source)
    row.y = y
    for (let x = 0; x < size.width; x++) {
      const w = columns.weight[x] ?? 0
      row.values[x] = (1 - w) * (source[columns.low[x] ?? 0] ?? 0) + w * (source[columns.high[x] ?? 0] ?? 0)
    }
  }
  for (let y = 0; y < size.height; y++) {
    const [above, below, w] = [rows.low[y] ?? 0, rows.high[y] ?? 0, rows.weight[y] ?? 0]
    // Rows that the last output row used, too, are not sampled again.
    if (lower.y === above) [upper, lower] = [lower, upper]
    if (upper.y !== above) fill(upper, above)
    if (lower.y !== below) fill(lower, below)
    const [a, b] = [upper.values, lower.values]
    const start = offset + y * stride
    for (let x = 0; x < size.width; x++) target[start + x] = (1 - w) * (a[x] ?? 0) + w * (b[x] ?? 0)
  }
}

/** The source index of each output index of torch's `interpolate(mode='nearest')`, which computes in float32 whatever it resizes. */
const nearest = (from: number, to: number): Int32Array => {
  const ratio = Math.fround(from / to)
  return Int32Array.from({ length: to }, (_, k) => Math.min(Math.floor(Math.fround(k * ratio)), from - 1))
}

/** Resizes a row-major bitmap to the nearest pixel at or before (torch's `nearest`), into `target` from `offset`. */
export const resizeNearest = (bitmap: Uint8Array, from: Size, to: Size, target = new Uint8Array(to.height * to.width), offset = 0): Uint8Array => {
  const rows = nearest(from.height, to.height)
  const columns = nearest(from.width, to.width)
  let at = offset
  for (const row of rows) {
    const start = row * from.width
    for (const column of columns) target[at++] = bitmap[start + column] ?? 0
  }
  return target
}

/** Boxes x0, y0, x1, y1 scaled by the ratios of the sizes, which are float32 as in torchvision. */
export const resizeBoxes = (boxes: ArrayLike<number>, from: Size, to: Size): Float64Array => {
  const ratioX = Math.fround(to.width / from.width)
  const ratioY = Math.fround(to.height / from.height)
  return Float64Array.from(boxes, (value, k) => value * (k % 2 === 0 ? ratioX : ratioY))
}
