import { bindAll } from '@tabula/tensor'
import type { PrimitiveName } from '@tabula/tensor'
import { allBatched, intoAxis, outOfAxis, withBatch } from './axes.js'
import type { ApplyToBatch } from './rule.js'

/**
 * The rule of primitives that treat the images along axis 0 of all operands apart from one another: pooling, resampling, and `nms`. The
 * images of all examples are one set of images.
 */
export const perImage =
  <P extends PrimitiveName>(primitive: P): ApplyToBatch<P> =>
  ({ attributes, size, ...operands }) => {
    const images = withBatch({ size, ...operands }).map((input) => intoAxis(input, 0))
    return allBatched(bindAll(primitive, attributes, ...images).map((output) => outOfAxis(output, 0, size)))
  }
