import { either as E } from 'fp-ts'
import { maskOf } from '@tabula/coco'
import type { Annotation, LabelMap, Result } from '@tabula/coco'
import { classColour } from '../draw/index.js'
import type { Drawable } from '../draw/index.js'

/** Detections or annotations of one image of this size, ready to be drawn. Scores are shown where there are any. */
export const drawablesOf = (objects: readonly (Result | Annotation)[], labels: Pick<LabelMap, 'labelOf' | 'names'>, height: number, width: number): readonly Drawable[] =>
  objects.flatMap(({ bbox, category_id, segmentation, score }): readonly Drawable[] => {
    if (bbox === undefined) return []
    const [x, y, w, h] = bbox
    const label = labels.labelOf(category_id) ?? 0
    const mask = segmentation === undefined ? undefined : maskOf(segmentation, height, width)
    return [
      {
        box: [x, y, x + w, y + h],
        className: labels.names[label] ?? String(category_id),
        colour: classColour(label),
        ...(mask !== undefined && E.isRight(mask) ? { mask: { size: [height, width] as const, counts: [...mask.right.counts] } } : {}),
        ...(typeof score === 'number' ? { score } : {})
      }
    ]
  })
