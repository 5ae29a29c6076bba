import { add, cast, constant, div, floats, greaterEqual, reshape, roiAlign, sqrt, sum } from '@tabula/tensor'
import type { Shape, Tensor } from '@tabula/tensor'
import { boxAreas } from '../boxes/geometry.js'
import type { BoxOffset } from '../boxes/geometry.js'

type Real = Tensor<Shape, 'f32'>

/** Which level a box is pooled from (FPN eq. 1): `canonicalLevel` at `canonicalScale` pixels, one finer for half the size. */
export interface LevelOptions {
  readonly canonicalScale: number
  readonly canonicalLevel: number
  /** The finest level's number: 2 for stride 4. */
  readonly finestLevel: number
  readonly levels: number
  /** Added to √area / canonicalScale before the logarithm: 1e-6 in Detectron, 1e-8 in detectron2, 0 where not given. */
  readonly insideLog?: number
  /** Added after the logarithm: 1e-6 in torchvision and where neither is given. */
  readonly outsideLog?: number
  readonly offset?: BoxOffset
}

/** Index of the level of each box `[R, 4]`: floor(canonicalLevel + log2(√area / canonicalScale)), limited. */
export const levelOfBoxes = (
  boxes: Real,
  { canonicalScale, canonicalLevel, finestLevel, levels, insideLog = 0, outsideLog = insideLog === 0 ? 1e-6 : 0, offset = 0 }: LevelOptions
): Tensor<Shape, 'i32'> => {
  const ratio: Real = div(sqrt(reshape([-1, 1])(boxAreas(boxes, offset))), canonicalScale)
  // A level is reached where the ratio is at least a power of two: comparing is exact in any precision, as a logarithm is not.
  const least = Array.from({ length: levels - 1 }, (_, k) => 2 ** (finestLevel + 1 + k - canonicalLevel - outsideLog))
  const thresholds = least.length === 0 ? [Infinity] : least
  const reached = greaterEqual(insideLog === 0 ? ratio : add(ratio, insideLog), constant(floats([1, thresholds.length], thresholds)))
  return cast('i32')(sum({ axes: [1] })(cast('f32')(reached) as Real))
}

/** How regions are pooled. */
export interface PoolOptions extends LevelOptions {
  /** Cells of a pooled region, high and wide. */
  readonly size: number
  /** Samples a cell, high and wide; 0: as many as its size in cells of the map, rounded up (detectron2). */
  readonly samplingRatio: number
  /** Cells a pixel of each level. */
  readonly scales: readonly number[]
  /** Whether cell centres lie half a cell in (detectron2); else as in Detectron and torchvision, where not given. */
  readonly aligned?: boolean
}

/** RoIAlign of boxes `[R, 4]` of images `[R]`, each from its level: `[R, C, size, size]` (torchvision's `MultiScaleRoIAlign`). */
export const poolRegions = (features: readonly Real[], boxes: Real, image: Tensor<Shape, 'i32'>, { size, samplingRatio, scales, aligned = false, ...levels }: PoolOptions): Real =>
  roiAlign({ outputSize: [size, size], samplingRatio, scales, aligned })(features, { boxes, image, level: levelOfBoxes(boxes, levels) })
