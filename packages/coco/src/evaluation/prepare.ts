import { either as E } from 'fp-ts'
import type { Annotation, Instances } from '../codec/instances.js'
import type { Result } from '../codec/result.js'
import type { CocoError, Problem } from '../error.js'
import { cocoError } from '../error.js'
import { area, boundingBox } from '../mask/rle.js'
import type { Rle } from '../mask/rle.js'
import { maskOf } from '../mask/segmentation.js'
import type { EvaluationParameters, IouType } from './parameters.js'

type Box = readonly [number, number, number, number]

/** A ground truth as matching sees it. */
export interface Truth {
  readonly id: number
  readonly area: number
  readonly crowd: boolean
  readonly ignore: boolean
  readonly box: Box
  readonly mask: Rle | undefined
  readonly keypoints: readonly number[]
}

/** A detection as matching sees it; ids count from 1 in file order. */
export interface Detection {
  readonly id: number
  readonly score: number
  readonly area: number
  readonly box: Box
  readonly mask: Rle | undefined
  readonly keypoints: readonly number[]
}

/** The ground truths and detections of one image and category, in file order. */
export interface Group {
  readonly truths: readonly Truth[]
  readonly detections: readonly Detection[]
}

const nowhere: Box = [0, 0, 0, 0]

const extent = (keypoints: readonly number[]): Box => {
  const xs = keypoints.filter((_, k) => k % 3 === 0)
  const ys = keypoints.filter((_, k) => k % 3 === 1)
  const [x, y] = [Math.min(...xs), Math.min(...ys)]
  return [x, y, Math.max(...xs) - x, Math.max(...ys) - y]
}

interface Size {
  readonly height: number
  readonly width: number
}

/** Masks are made only where they are compared, or where an area depends on them. */
const truthOf = (annotation: Annotation, iouType: IouType, size: Size, problems: Problem[]): Truth => {
  const crowd = annotation.iscrowd === 1
  let mask: Rle | undefined
  if (iouType === 'segm') {
    const made = annotation.segmentation === undefined ? undefined : maskOf(annotation.segmentation, size.height, size.width)
    if (made === undefined || E.isLeft(made)) {
      problems.push({ path: `annotation ${annotation.id}`, expected: made === undefined ? 'a segmentation' : made.left.expected, found: made === undefined ? 'none' : made.left.found, remedy: 'Evaluate boxes, or complete the annotation.' })
    } else mask = made.right
  }
  return {
    id: annotation.id,
    area: annotation.area,
    crowd,
    ignore: crowd || (iouType === 'keypoints' && (annotation.num_keypoints ?? 0) === 0),
    box: annotation.bbox,
    mask,
    keypoints: annotation.keypoints ?? []
  }
}

const hasBox = (result: Result | undefined): boolean => result?.bbox !== undefined

const none: readonly number[] = []
/** Stands for an entry that is reported as a problem. */
const unusable: Detection = { id: 0, score: 0, area: 0, box: nowhere, mask: undefined, keypoints: none }

const missing = (expected: string, index: number, problems: Problem[]): Detection => {
  problems.push({ path: `[${index}]`, expected, found: 'none', remedy: 'Give results of the kind that is evaluated.' })
  return unusable
}

/** As the reference loads results: the first one's fields decide how all areas are computed. */
const detectionOf = (result: Result, index: number, iouType: IouType, boxed: boolean, size: Size, problems: Problem[]): Detection => {
  const id = index + 1
  const { score, bbox, segmentation, keypoints = none } = result
  // Most detections, so it comes first.
  if (boxed && iouType === 'bbox' && bbox !== undefined) return { id, score, area: bbox[2] * bbox[3], box: bbox, mask: undefined, keypoints }
  let mask: Rle | undefined
  if (iouType === 'segm' || (!boxed && segmentation !== undefined)) {
    if (segmentation === undefined) return missing('a segmentation', index, problems)
    const made = maskOf(segmentation, size.height, size.width)
    if (E.isLeft(made)) {
      problems.push({ path: `[${index}].segmentation`, expected: made.left.expected, found: made.left.found, remedy: 'Encode the mask anew.' })
      return unusable
    }
    mask = made.right
  }
  if (iouType === 'keypoints' && keypoints.length === 0) return missing('keypoints', index, problems)
  if (boxed) return bbox === undefined ? missing('a bbox', index, problems) : { id, score, area: bbox[2] * bbox[3], box: bbox, mask, keypoints }
  if (mask !== undefined) return { id, score, area: area(mask), box: bbox ?? boundingBox(mask), mask, keypoints }
  if (keypoints.length === 0) return missing('a bbox', index, problems)
  const box = extent(keypoints)
  return { id, score, area: box[2] * box[3], box, mask, keypoints }
}

/** A group while it is filled. Few images have both lists for a category, so each is made when it is needed. */
interface Cell {
  truths: Truth[] | undefined
  detections: Detection[] | undefined
}

/**
 * Ground truths and detections by category, then image. `Left` for detections on images the file does not have, and for entries
 * without what is evaluated.
 */
export const groupsOf = (groundTruth: Instances, results: readonly Result[], iouType: IouType, parameters: EvaluationParameters): E.Either<CocoError, (category: number, image: number) => Group> => {
  const problems: Problem[] = []
  const sizes = new Map<number, Size>(groundTruth.images.map((image) => [image.id, image]))
  const counted = new Set(parameters.imgIds)
  const table = new Map<number, Map<number, Cell>>()
  const cell = (image: number, category: number): Cell => {
    let row = table.get(category)
    if (row === undefined) table.set(category, (row = new Map<number, Cell>()))
    let group = row.get(image)
    if (group === undefined) row.set(image, (group = { truths: undefined, detections: undefined }))
    return group
  }
  for (const annotation of groundTruth.annotations) {
    const size = sizes.get(annotation.image_id)
    if (size !== undefined && counted.has(annotation.image_id)) {
      const group = cell(annotation.image_id, annotation.category_id)
      const truth = truthOf(annotation, iouType, size, problems)
      if (group.truths === undefined) group.truths = [truth]
      else group.truths.push(truth)
    }
  }
  const boxed = hasBox(results[0])
  results.forEach((result, index) => {
    const size = sizes.get(result.image_id)
    if (size === undefined) {
      problems.push({ path: `[${index}].image_id`, expected: 'an image of the annotation file', found: String(result.image_id), remedy: 'Evaluate against the annotations of the images that were detected on.' })
    } else if (counted.has(result.image_id)) {
      const group = cell(result.image_id, result.category_id)
      const detection = detectionOf(result, index, iouType, boxed, size, problems)
      if (group.detections === undefined) group.detections = [detection]
      else group.detections.push(detection)
    }
  })
  if (problems.length > 0) return E.left(cocoError('results', problems))
  const at = (category: number, image: number): Group => {
    const { truths = [], detections = [] } = table.get(category)?.get(image) ?? {}
    return { truths, detections }
  }
  return E.right((category, image) => {
    if (parameters.useCats) return at(category, image)
    const pooled = parameters.catIds.map((id) => at(id, image))
    return { truths: pooled.flatMap(({ truths }) => truths), detections: pooled.flatMap(({ detections }) => detections) }
  })
}
