import type { Annotation, Instances } from '../codec/instances.js'
import { boxIou } from '../mask/iou.js'
import type { Distribution } from './distribution.js'
import { distribution } from './distribution.js'
import { indexOf } from './index-of.js'

/** Boxes overlap where their IoU is at least this. */
export const overlapIou = 0.02

/** How many objects of a category there are, and in how many images. */
export interface CategoryCount {
  readonly id: number
  readonly name: string
  readonly objects: number
  readonly images: number
}

/** Shares of objects below 32², from 32² to below 96², and from 96² square pixels, COCO's small, medium and large. */
export interface SizeShares {
  readonly small: number
  readonly medium: number
  readonly large: number
}

/** Images with `from` to `to` objects. */
export interface Bin {
  readonly from: number
  readonly to: number
  readonly images: number
}

/** A data set in numbers. Objects are annotations other than crowds; shares are from 0 to 1. */
export interface Statistics {
  readonly images: number
  readonly annotations: number
  readonly objects: number
  readonly crowds: number
  /** Pixels of all images. */
  readonly pixels: number
  /** In ascending order of ids. */
  readonly categories: readonly CategoryCount[]
  readonly objectsPerImage: Distribution
  readonly histogram: readonly Bin[]
  readonly imagesWithoutObjects: number
  readonly shareOfImagesWithCrowds: number
  /** By box: width × height. */
  readonly boxSizes: SizeShares
  /** By `area`, which is the mask's and by which COCO evaluates. */
  readonly maskSizes: SizeShares
  /** √(width × height) of boxes, in pixels. */
  readonly boxSides: Distribution
  /** Objects whose box overlaps another object's in the same image with an IoU of at least 0.02. */
  readonly shareOfOverlapping: number
}

const share = (part: number, whole: number): number => (whole === 0 ? 0 : part / whole)

const sizeShares = (areas: readonly number[]): SizeShares => {
  const below = (limit: number): number => areas.filter((area) => area < limit).length
  const [small, medium] = [below(32 ** 2), below(96 ** 2)]
  return { small: share(small, areas.length), medium: share(medium - small, areas.length), large: share(areas.length - medium, areas.length) }
}

/** Bins 0, 1, 2, 3–4, 5–8, … up to the largest count. */
const histogramOf = (counts: readonly number[]): readonly Bin[] => {
  const most = counts.reduce((a, b) => Math.max(a, b), 0)
  const bins: Bin[] = []
  for (let [from, to] = [0, 0]; from <= most; [from, to] = [to + 1, to === 0 ? 1 : to * 2]) {
    bins.push({ from, to, images: counts.filter((count) => count >= from && count <= to).length })
  }
  return bins
}

const overlapping = (objects: readonly Annotation[]): number => {
  const n = objects.length
  const boxes = Float64Array.from(objects.flatMap(({ bbox }) => [...bbox]))
  const iou = boxIou(boxes, boxes, new Uint8Array(n))
  return objects.filter((_, i) => objects.some((__, j) => i !== j && (iou[i * n + j] ?? 0) >= overlapIou)).length
}

/** Counts, sizes and overlaps of a data set's objects. */
export const statistics = (instances: Instances): Statistics => {
  const { images, annotations, categories } = instances
  const { annotationsOf } = indexOf(instances)
  const objects = annotations.filter(({ iscrowd }) => iscrowd !== 1)
  const objectsOf = images.map(({ id }) => annotationsOf(id).filter(({ iscrowd }) => iscrowd !== 1))
  const counts = objectsOf.map(({ length }) => length)
  const boxAreas = objects.map(({ bbox: [, , w, h] }) => w * h)
  const objectCount = new Map<number, number>()
  const imagesOf = new Map<number, Set<number>>()
  for (const { category_id, image_id } of objects) {
    objectCount.set(category_id, (objectCount.get(category_id) ?? 0) + 1)
    const seen = imagesOf.get(category_id)
    if (seen === undefined) imagesOf.set(category_id, new Set([image_id]))
    else seen.add(image_id)
  }
  return {
    images: images.length,
    annotations: annotations.length,
    objects: objects.length,
    crowds: annotations.length - objects.length,
    pixels: images.reduce((sum, { width, height }) => sum + width * height, 0),
    categories: [...categories]
      .sort((a, b) => a.id - b.id)
      .map(({ id, name }) => ({ id, name, objects: objectCount.get(id) ?? 0, images: imagesOf.get(id)?.size ?? 0 })),
    objectsPerImage: distribution(counts),
    histogram: histogramOf(counts),
    imagesWithoutObjects: counts.filter((count) => count === 0).length,
    shareOfImagesWithCrowds: share(images.filter(({ id }) => annotationsOf(id).some(({ iscrowd }) => iscrowd === 1)).length, images.length),
    boxSizes: sizeShares(boxAreas),
    maskSizes: sizeShares(objects.map(({ area }) => area)),
    boxSides: distribution(boxAreas.map(Math.sqrt)),
    shareOfOverlapping: share(objectsOf.reduce((sum, list) => sum + overlapping(list), 0), objects.length)
  }
}
