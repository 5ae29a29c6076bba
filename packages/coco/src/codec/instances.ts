import * as t from 'io-ts'
import { Box, Segmentation } from './segmentation.js'

/** An image of a data set. Fields not named here stay as they are. */
export const Image = t.readonly(t.intersection([t.type({ id: t.number, width: t.number, height: t.number, file_name: t.string }), t.UnknownRecord]), 'image')
export interface Image {
  readonly id: number
  readonly width: number
  readonly height: number
  readonly file_name: string
  readonly [field: string]: unknown
}

/** 0 or 1. */
export const Flag = t.union([t.literal(0), t.literal(1)], '0 or 1')

/** One object, or a crowd of them. `area` is the mask's, in pixels. Keypoint files add `keypoints` and `num_keypoints`. */
export interface Annotation {
  readonly id: number
  readonly image_id: number
  readonly category_id: number
  readonly bbox: Box
  readonly area: number
  readonly iscrowd?: 0 | 1
  readonly segmentation?: Segmentation
  readonly keypoints?: readonly number[]
  readonly num_keypoints?: number
  readonly [field: string]: unknown
}
export const Annotation = t.readonly(
  t.intersection([
    t.type({ id: t.number, image_id: t.number, category_id: t.number, bbox: Box, area: t.number }),
    t.partial({ iscrowd: Flag, segmentation: Segmentation, keypoints: t.readonlyArray(t.number), num_keypoints: t.number }),
    t.UnknownRecord
  ]),
  'annotation'
)

/** A class of objects. */
export interface Category {
  readonly id: number
  readonly name: string
  readonly keypoints?: readonly string[]
  readonly [field: string]: unknown
}
export const Category = t.readonly(t.intersection([t.type({ id: t.number, name: t.string }), t.partial({ keypoints: t.readonlyArray(t.string) }), t.UnknownRecord]), 'category')

/** An annotation file: `instances_*.json` or `person_keypoints_*.json`. */
export interface Instances {
  readonly images: readonly Image[]
  readonly annotations: readonly Annotation[]
  readonly categories: readonly Category[]
  readonly [field: string]: unknown
}
