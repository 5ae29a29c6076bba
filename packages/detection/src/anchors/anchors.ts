/** Reference boxes of a pyramid: one size for each level, each with every ratio. */
export interface AnchorOptions {
  /** Sides in pixels, a list for each level. */
  readonly sizes: readonly (readonly number[])[]
  /** Height divided by width. */
  readonly ratios: readonly number[]
}

/** The anchors of one image size: x1, y1, x2, y2 in pixels, by level, then row, column and (ratio, size). */
export interface Anchors {
  readonly perLevel: readonly Float32Array[]
  /** Anchors in each cell of each level. */
  readonly perCell: readonly number[]
  readonly count: number
}

const single = Math.fround

/** To the nearest integer, halves to even, as PyTorch rounds. */
const roundHalfToEven = (x: number): number => {
  const low = Math.floor(x)
  const rest = x - low
  return rest < 0.5 || (rest === 0.5 && low % 2 === 0) ? low : low + 1
}

/** Boxes around the origin, rounded to whole pixels (torchvision's `AnchorGenerator.generate_anchors`): 4 numbers each. */
export const cellAnchors = (sizes: readonly number[], ratios: readonly number[]): readonly number[] =>
  ratios.flatMap((ratio) => {
    const heightRatio = single(Math.sqrt(single(ratio)))
    const widthRatio = single(1 / heightRatio)
    return sizes.flatMap((size) => {
      const [w, h] = [single(widthRatio * size), single(heightRatio * size)]
      return [-w / 2, -h / 2, w / 2, h / 2].map(roundHalfToEven)
    })
  })

/**
 * Anchors for feature maps of the given sizes, [height, width], in an image of `imageSize` (torchvision's `AnchorGenerator`): cells are
 * `image side // feature side` pixels apart.
 */
export const anchorsFor = ({ sizes, ratios }: AnchorOptions, featureSizes: readonly (readonly [number, number])[], imageSize: readonly [number, number]): Anchors => {
  const perLevel = featureSizes.map(([height, width], level) => {
    const [strideY, strideX] = [Math.floor(imageSize[0] / height), Math.floor(imageSize[1] / width)]
    const cell = cellAnchors(sizes[level] ?? [], ratios)
    const boxes = new Float32Array(height * width * cell.length)
    let next = 0
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) cell.forEach((corner, k) => (boxes[next++] = corner + (k % 2 === 0 ? x * strideX : y * strideY)))
    }
    return boxes
  })
  return { perLevel, perCell: sizes.map((list) => list.length * ratios.length), count: perLevel.reduce((sum, boxes) => sum + boxes.length / 4, 0) }
}
