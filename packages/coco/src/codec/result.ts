import * as t from 'io-ts'
import { Box, Segmentation } from './segmentation.js'

/** One detection: a box, a mask or keypoints, of a category in an image, with a score. */
export interface Result {
  readonly image_id: number
  readonly category_id: number
  readonly score: number
  readonly bbox?: Box
  readonly segmentation?: Segmentation
  readonly keypoints?: readonly number[]
  readonly [field: string]: unknown
}
export const Result = t.readonly(
  t.intersection([
    t.type({ image_id: t.number, category_id: t.number, score: t.number }),
    t.partial({ bbox: Box, segmentation: Segmentation, keypoints: t.readonlyArray(t.number) }),
    t.UnknownRecord
  ]),
  'result'
)
