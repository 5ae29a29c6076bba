import { either as E } from 'fp-ts'
import type { CocoError, Problem } from '../error.js'
import { cocoError, showValue } from '../error.js'
import { inconsistencies } from './consistency.js'
import { Annotation, Category, Image } from './instances.js'
import type { Instances } from './instances.js'
import { decodeList } from './problems.js'
import { Result } from './result.js'

const isRecord = (x: unknown): x is Readonly<Record<string, unknown>> => typeof x === 'object' && x !== null && !Array.isArray(x)

/**
 * An annotation file from parsed JSON: form first, then consistency (ids, references, boxes, masks, file names). `Left` with all
 * problems of the file, the first 20 shown. Unknown fields survive.
 */
export const decodeInstances = (json: unknown, file: string): E.Either<CocoError, Instances> => {
  if (!isRecord(json)) return E.left(cocoError(file, [{ path: '', expected: 'a JSON object with images, annotations and categories', found: showValue(json), remedy: 'Give an annotation file in COCO format.' }]))
  const problems: Problem[] = []
  const instances: Instances = {
    ...json,
    images: decodeList<Image>(Image, json['images'], 'images', problems),
    annotations: decodeList<Annotation>(Annotation, json['annotations'], 'annotations', problems),
    categories: decodeList<Category>(Category, json['categories'], 'categories', problems)
  }
  const all = problems.length === 0 ? inconsistencies(instances) : problems
  return all.length === 0 ? E.right(instances) : E.left(cocoError(file, all))
}

/** Some programs write an empty list where a result has no box; the reference takes it for none. */
const withoutEmptyBox = (entry: unknown): unknown => {
  if (!isRecord(entry) || !Array.isArray(entry['bbox']) || entry['bbox'].length > 0) return entry
  return Object.fromEntries(Object.entries(entry).filter(([key]) => key !== 'bbox'))
}

/** Detections from parsed JSON: the list that COCO results files hold. `Left` with all problems of the file. */
export const decodeResults = (json: unknown, file: string): E.Either<CocoError, readonly Result[]> => {
  if (!Array.isArray(json)) return E.left(cocoError(file, [{ path: '', expected: 'a list of results', found: showValue(json), remedy: 'Give a results file in COCO format: a list of detections, each with image_id, category_id and score.' }]))
  const problems: Problem[] = []
  const results = decodeList<Result>(Result, json.map(withoutEmptyBox), '', problems)
  // Places in the list are those of the file only where every entry was read.
  if (problems.length === 0) results.forEach(({ bbox, score }, index) => {
    if (!Number.isFinite(score)) problems.push({ path: `[${index}].score`, expected: 'a finite number', found: String(score), remedy: 'Correct the score; detections are ranked by it.' })
    if (bbox !== undefined && !bbox.every(Number.isFinite)) problems.push({ path: `[${index}].bbox`, expected: 'finite numbers', found: bbox.join(', '), remedy: 'Correct the box.' })
    if (bbox !== undefined && (bbox[2] < 0 || bbox[3] < 0)) {
      problems.push({ path: `[${index}].bbox`, expected: 'a width and height of at least 0', found: `${bbox[2]} × ${bbox[3]}`, remedy: 'Boxes are [x, y, width, height] in pixels; check that these are not two corners.' })
    }
  })
  return problems.length === 0 ? E.right(results) : E.left(cocoError(file, problems))
}
