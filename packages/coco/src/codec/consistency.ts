import { either as E } from 'fp-ts'
import type { Problem } from '../error.js'
import { showValue } from '../error.js'
import { fromCompressedString, fromCounts } from '../mask/string.js'
import type { Annotation, Category, Image, Instances } from './instances.js'
import { largestImage } from './limits.js'

/** Boxes may stick out of the image by this many pixels: COCO's own are rounded. */
const outsideTolerance = 1

const duplicates = (path: string, entries: readonly { readonly id: number }[]): readonly Problem[] => {
  const first = new Map<number, number>()
  return entries.flatMap(({ id }, index) => {
    const before = first.get(id)
    if (before === undefined) {
      first.set(id, index)
      return []
    }
    return [{ path: `${path}[${index}].id`, expected: 'an id of its own', found: `${id}, as in ${path}[${before}]`, remedy: 'Number the entries anew; evaluation takes equal ids for one object.' }]
  })
}

/** Whether a file name leads out of the folder it is looked up in. */
export const climbsOut = (fileName: string): boolean => /^([/\\]|[A-Za-z]:)/.test(fileName) || fileName.split(/[/\\]/).includes('..')

const hasSize = ({ width, height }: Image): boolean => [width, height].every((side) => Number.isInteger(side) && side > 0)

const imageProblems = (image: Image, index: number): readonly Problem[] => {
  const path = `images[${index}]`
  return [
    ...(image.width * image.height > largestImage
      ? [{ path, expected: `an image of at most ${largestImage / 1e6} million pixels`, found: `${image.width} × ${image.height}`, remedy: 'Scale it down, and its annotations with it.' }]
      : []),
    ...(hasSize(image) ? [] : [{ path, expected: 'a positive whole width and height', found: `${image.width} × ${image.height}`, remedy: 'Write the size of the file, in pixels.' }]),
    ...(image.file_name === '' || climbsOut(image.file_name)
      ? [{ path: `${path}.file_name`, expected: 'a path inside the image folder', found: showValue(image.file_name), remedy: 'Name the file relative to the image folder, without "..".' }]
      : [])
  ]
}

const boxProblems = ({ bbox: [x, y, w, h] }: Annotation, path: string, image: Image): readonly Problem[] => {
  if (![x, y, w, h].every(Number.isFinite)) return [{ path: `${path}.bbox`, expected: 'finite numbers', found: showValue([x, y, w, h]), remedy: 'Correct the box.' }]
  if (w <= 0 || h <= 0) return [{ path: `${path}.bbox`, expected: 'a positive width and height', found: `${w} × ${h}`, remedy: 'Remove the annotation or correct the box; such a box makes losses infinite.' }]
  const inside = x >= -outsideTolerance && y >= -outsideTolerance && x + w <= image.width + outsideTolerance && y + h <= image.height + outsideTolerance
  return inside ? [] : [{ path: `${path}.bbox`, expected: `a box inside the ${image.width} × ${image.height} image`, found: showValue([x, y, w, h]), remedy: 'Check that it is [x, y, width, height] in pixels and that the image is the right one.' }]
}

const maskProblems = ({ segmentation }: Annotation, path: string, image: Image): readonly Problem[] => {
  if (segmentation === undefined) return []
  const at = `${path}.segmentation`
  if (!('counts' in segmentation)) {
    return segmentation.flatMap((polygon, k) =>
      polygon.length >= 6 && polygon.length % 2 === 0 && polygon.every(Number.isFinite)
        ? []
        : [{ path: `${at}[${k}]`, expected: 'an even number of at least 6 finite coordinates', found: `${polygon.length} numbers`, remedy: 'Remove the polygon or complete it; it has no area as it is.' }]
    )
  }
  const [h, w] = segmentation.size
  if (h !== image.height || w !== image.width) return [{ path: `${at}.size`, expected: `[${image.height}, ${image.width}], the image's height and width`, found: showValue(segmentation.size), remedy: 'Encode the mask at the size of its image.' }]
  const decoded = typeof segmentation.counts === 'string' ? fromCompressedString(segmentation.counts, h, w) : fromCounts(segmentation.counts, h, w)
  return E.isLeft(decoded) ? [{ path: `${at}.counts`, expected: decoded.left.expected, found: decoded.left.found, remedy: 'Encode the mask anew.' }] : []
}

const annotationProblems = (images: ReadonlyMap<number, Image>, categories: ReadonlyMap<number, Category>) => (annotation: Annotation, index: number): readonly Problem[] => {
  const path = `annotations[${index}]`
  const image = images.get(annotation.image_id)
  return [
    ...(image === undefined ? [{ path: `${path}.image_id`, expected: 'the id of an image of this file', found: String(annotation.image_id), remedy: 'Add the image or remove the annotation.' }] : []),
    ...(categories.has(annotation.category_id) ? [] : [{ path: `${path}.category_id`, expected: 'the id of a category of this file', found: String(annotation.category_id), remedy: 'Add the category or correct the id.' }]),
    ...(annotation.area >= 0 ? [] : [{ path: `${path}.area`, expected: 'a number of at least 0', found: String(annotation.area), remedy: 'Write the area of the mask, in pixels.' }]),
    ...(image === undefined || !hasSize(image) ? [] : [...boxProblems(annotation, path, image), ...maskProblems(annotation, path, image)])
  ]
}

/** Everything in which a file's parts contradict one another. */
export const inconsistencies = ({ images, annotations, categories }: Instances): readonly Problem[] => {
  const imageById = new Map(images.map((image) => [image.id, image]))
  const categoryById = new Map(categories.map((category) => [category.id, category]))
  return [
    ...duplicates('images', images),
    ...duplicates('annotations', annotations),
    ...duplicates('categories', categories),
    ...images.flatMap(imageProblems),
    ...annotations.flatMap(annotationProblems(imageById, categoryById))
  ]
}
