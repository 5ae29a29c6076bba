import { add, cast, floor, log, maximum, minimum, mul, reshape, roiAlign, sqrt } from '@tabula/tensor'
import type { Shape, Tensor } from '@tabula/tensor'
import { boxAreas } from '../boxes/geometry.js'

type Real = Tensor<Shape, 'f32'>

/** Which level a box is pooled from (FPN eq. 1): `canonicalLevel` at `canonicalScale` pixels, one finer for half the size. */
export interface LevelOptions {
  readonly canonicalScale: number
  readonly canonicalLevel: number
  /** The finest level's number: 2 for stride 4. */
  readonly finestLevel: number
  readonly levels: number
}

/** Index of the level of each box `[R, 4]`: floor(canonicalLevel + log2(√area / canonicalScale) + 1e-6), limited (torchvision). */
export const levelOfBoxes = (boxes: Real, { canonicalScale, canonicalLevel, finestLevel, levels }: LevelOptions): Tensor<Shape, 'i32'> => {
  // A box without area would have level −∞, which no integer is.
  const ratio = maximum(mul(sqrt(reshape([-1])(boxAreas(boxes))), 1 / canonicalScale), 1e-12)
  const level = floor(add(mul(log(ratio), 1 / Math.LN2), canonicalLevel + 1e-6))
  return cast('i32')(minimum(maximum(add(level, -finestLevel), 0), levels - 1))
}

/** RoIAlign of boxes `[R, 4]` of images `[R]`, each from its level: `[R, C, size, size]` (torchvision's `MultiScaleRoIAlign`). */
export const poolRegions = (
  features: readonly Real[],
  boxes: Real,
  image: Tensor<Shape, 'i32'>,
  options: LevelOptions & { readonly size: number; readonly samplingRatio: number; readonly scales: readonly number[] }
): Real =>
  roiAlign({ outputSize: [options.size, options.size], samplingRatio: options.samplingRatio, scales: options.scales, aligned: false })(features, {
    boxes,
    image,
    level: levelOfBoxes(boxes, options)
  })
