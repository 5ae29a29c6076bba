import { either as E } from 'fp-ts'
import { evaluate } from '@tabula/coco'
import type { Instances, Result } from '@tabula/coco'
import type { Found, Score, WatchedScene } from '../protocol.js'
import { shapeClasses } from '../scenes/shape.js'

/** A box as COCO's files have it: x, y, width, height. */
const cocoBox = ([x1, y1, x2, y2]: Found['box']): [number, number, number, number] => [x1, y1, Math.max(0, x2 - x1), Math.max(0, y2 - y1)]

const truthOf = (watched: readonly WatchedScene[]): Instances => ({
  images: watched.map(({ scene: { side } }, id) => ({ id, width: side, height: side, file_name: '' })),
  annotations: watched
    .flatMap(({ scene: { objects } }, image_id) => objects.map(({ label, box }) => ({ image_id, category_id: label, bbox: cocoBox(box) })))
    .map((annotation, k) => ({ ...annotation, id: k + 1, iscrowd: 0, area: annotation.bbox[2] * annotation.bbox[3] })),
  categories: shapeClasses.map(({ name }, k) => ({ id: k + 1, name }))
})

const resultsOf = (watched: readonly WatchedScene[]): readonly Result[] =>
  watched.flatMap(({ found }, image_id) => found.map(({ label, score, box }) => ({ image_id, category_id: label, score, bbox: cocoBox(box) })))

const percent = (x: number | undefined): number => 100 * Math.max(0, x ?? 0)

/** COCO's average precision of what was found in scenes, in per cent; 0 where there is nothing to find. */
export const scoreOf = (watched: readonly WatchedScene[]): Score => {
  const evaluated = evaluate({ groundTruth: truthOf(watched), results: resultsOf(watched), iouType: 'bbox' })
  // The order of COCO's summary: AP, AP at an overlap of one half, and ten more.
  const [ap, ap50] = E.isRight(evaluated) ? evaluated.right.stats : []
  return { ap: percent(ap), ap50: percent(ap50) }
}
