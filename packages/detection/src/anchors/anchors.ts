/** Reference boxes of a pyramid: sizes for each level, each with every ratio. */
export interface AnchorOptions<Sizes extends readonly (readonly number[])[] = readonly (readonly number[])[]> {
  /** Sides in pixels, a list for each level. */
  readonly sizes: Sizes
  /** Height divided by width. */
  readonly ratios: readonly number[]
  /**
   * `corners`: around a cell's first pixel, corners rounded to whole pixels (torchvision; where not given). `none`: the same, exact (detectron2).
   * `sides`: around a cell's centre pixel, sides rounded at the size of a cell and then scaled, both end pixels counted (Detectron).
   */
  readonly rounding?: 'corners' | 'sides' | 'none'
  /** Cells are image side // feature side pixels apart (`image`: torchvision; where not given), or the level's stride (`stride`). */
  readonly spacing?: 'image' | 'stride'
}

/** The anchors of one image size: x1, y1, x2, y2 in pixels, by level, then row, column and shape. */
export interface Anchors {
  readonly perLevel: readonly Float32Array[]
  /** Anchors in each cell of each level. */
  readonly perCell: readonly number[]
  readonly count: number
}

const single = Math.fround

/** To the nearest integer, halves to even, as PyTorch and NumPy round. */
const roundHalfToEven = (x: number): number => {
  const low = Math.floor(x)
  const rest = x - low
  return rest < 0.5 || (rest === 0.5 && low % 2 === 0) ? low : low + 1
}

/** Boxes around the origin, rounded to whole pixels, 4 numbers each, by ratio and size (torchvision's `AnchorGenerator.generate_anchors`). */
export const cellAnchors = (sizes: readonly number[], ratios: readonly number[]): readonly number[] =>
  ratios.flatMap((ratio) => {
    const heightRatio = single(Math.sqrt(single(ratio)))
    const widthRatio = single(1 / heightRatio)
    return sizes.flatMap((size) => {
      const [w, h] = [single(widthRatio * size), single(heightRatio * size)]
      return [-w / 2, -h / 2, w / 2, h / 2].map(roundHalfToEven)
    })
  })

/** Boxes around the origin of exactly the areas asked for, by size and ratio (detectron2's `DefaultAnchorGenerator.generate_cell_anchors`). */
export const exactCellAnchors = (sizes: readonly number[], ratios: readonly number[]): readonly number[] =>
  sizes.flatMap((size) =>
    ratios.flatMap((ratio) => {
      const w = Math.sqrt((size * size) / ratio)
      const h = ratio * w
      return [-w / 2, -h / 2, w / 2, h / 2]
    })
  )

/**
 * Boxes around the centre pixel of a cell of `stride` pixels, first and last pixels, by ratio and size (Detectron's `generate_anchors`): sides
 * are rounded for an anchor of the cell's own area and then scaled to each size, so that areas are only nearly those asked for.
 */
export const inclusiveCellAnchors = (stride: number, sizes: readonly number[], ratios: readonly number[]): readonly number[] =>
  ratios.flatMap((ratio) => {
    const width = roundHalfToEven(Math.sqrt((stride * stride) / ratio))
    const height = roundHalfToEven(width * ratio)
    const centre = (stride - 1) / 2
    return sizes.flatMap((size) => {
      const [w, h] = [(width * size) / stride, (height * size) / stride]
      return [centre - (w - 1) / 2, centre - (h - 1) / 2, centre + (w - 1) / 2, centre + (h - 1) / 2]
    })
  })

/**
 * Anchors for feature maps of the given sizes, [height, width], in an image of `imageSize`. `strides`: pixels a cell of each level; where not
 * given, image side // feature side.
 */
export const anchorsFor = (
  { sizes, ratios, rounding = 'corners', spacing = 'image' }: AnchorOptions,
  featureSizes: readonly (readonly [number, number])[],
  imageSize: readonly [number, number],
  strides: readonly number[] = []
): Anchors => {
  const perLevel = featureSizes.map(([height, width], level) => {
    const stride = strides[level]
    const quotients = [Math.floor(imageSize[0] / height), Math.floor(imageSize[1] / width)] as const
    const [strideY, strideX] = spacing === 'image' || stride === undefined ? quotients : [stride, stride]
    const own = sizes[level] ?? []
    const cell = rounding === 'corners' ? cellAnchors(own, ratios) : rounding === 'none' ? exactCellAnchors(own, ratios) : inclusiveCellAnchors(stride ?? strideX, own, ratios)
    const boxes = new Float32Array(height * width * cell.length)
    let next = 0
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) cell.forEach((corner, k) => (boxes[next++] = corner + (k % 2 === 0 ? x * strideX : y * strideY)))
    }
    return boxes
  })
  return { perLevel, perCell: sizes.map((list) => list.length * ratios.length), count: perLevel.reduce((sum, boxes) => sum + boxes.length / 4, 0) }
}
