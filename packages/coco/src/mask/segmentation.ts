import { either as E } from 'fp-ts'
import type { Segmentation } from '../codec/segmentation.js'
import { union } from './algebra.js'
import { rasterizePolygon } from './polygon.js'
import type { MaskError, Rle } from './rle.js'
import { maskError } from './rle.js'
import { fromCompressedString, fromCounts } from './string.js'

/**
 * The mask of an annotation's or a result's `segmentation` in an image of this size (`annToRLE`): polygons are rasterized and united,
 * run lengths are decoded. `Left` for a malformed string, a wrong size, or a polygon of fewer than three points.
 */
export const maskOf = (segmentation: Segmentation, height: number, width: number): E.Either<MaskError, Rle> => {
  if ('counts' in segmentation) {
    const [h, w] = segmentation.size
    if (h !== height || w !== width) return E.left(maskError(`run lengths of size [${height}, ${width}]`, `[${h}, ${w}]`))
    return typeof segmentation.counts === 'string' ? fromCompressedString(segmentation.counts, h, w) : fromCounts(segmentation.counts, h, w)
  }
  const short = segmentation.find((polygon) => polygon.length < 6)
  if (short !== undefined) return E.left(maskError('polygons of at least 6 numbers', `${short.length}`))
  const infinite = segmentation.flat().find((coordinate) => !Number.isFinite(coordinate))
  if (infinite !== undefined) return E.left(maskError('finite coordinates', String(infinite)))
  if (segmentation.length === 0) return E.right({ height, width, counts: Uint32Array.of(height * width) })
  return E.right(union(...segmentation.map((polygon) => rasterizePolygon(polygon, height, width))))
}
