import { areaOf, boxOf, rasterize, runLengths } from './mask.js'
import { boundsOf, toHundredths } from './geometry.js'
import { shapeClasses } from './shapes.js'
import type { RunLengths } from './mask.js'
import type { Scene, SceneObject } from './scene.js'

/** One entry of `annotations` in an instances file. */
export type Annotation = {
  readonly id: number
  readonly image_id: number
  readonly category_id: number
  readonly segmentation: readonly (readonly number[])[] | RunLengths
  /** Pixels of the mask. */
  readonly area: number
  /** [x, y, width, height] of the visible part. */
  readonly bbox: readonly [number, number, number, number]
  readonly iscrowd: 0 | 1
}

/** One entry of `images`. */
export type ImageEntry = { readonly id: number; readonly file_name: string; readonly width: number; readonly height: number }

/** An instances file of the COCO format, as this folder writes it. */
export type InstancesFile = {
  readonly info: { readonly description: string; readonly version: string; readonly contributor: string; readonly seed: number }
  readonly licenses: readonly { readonly id: number; readonly name: string; readonly url: string }[]
  readonly images: readonly ImageEntry[]
  readonly annotations: readonly Annotation[]
  readonly categories: readonly { readonly id: number; readonly name: string; readonly supercategory: string }[]
}

/** The categories of the data set, ids from 1. */
export const categories: InstancesFile['categories'] = shapeClasses.map(({ name }, index) => ({
  id: index + 1,
  name,
  supercategory: 'shape'
}))

/** An annotation but for its id, which counts through the whole file. */
export const annotate = (object: SceneObject, scene: Scene, imageId: number): Omit<Annotation, 'id'> => {
  const { width, height } = scene
  const polygons = object.visible.map((ring) => ring.flatMap(([x, y]) => [x, y]))
  const mask = rasterize(polygons, height, width)
  const [left, top, right, bottom] = boundsOf(object.visible.flat())
  const common = { image_id: imageId, category_id: object.classIndex + 1, area: areaOf(mask) }
  return object.crowd
    ? { ...common, segmentation: runLengths(mask, height, width), bbox: boxOf(mask, height), iscrowd: 1 }
    : {
        ...common,
        segmentation: polygons,
        bbox: [left, top, toHundredths(right - left), toHundredths(bottom - top)],
        iscrowd: 0
      }
}
