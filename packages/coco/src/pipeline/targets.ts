import { either as E } from 'fp-ts'
import type { Annotation, Image } from '../codec/instances.js'
import type { LabelMap } from '../dataset/label-map.js'
import type { CocoError } from '../error.js'
import { cocoError } from '../error.js'
import { rasterizeBox } from '../mask/polygon.js'
import type { MaskError, Rle } from '../mask/rle.js'
import { decodeBitmap } from '../mask/rle.js'
import { maskOf } from '../mask/segmentation.js'
import type { BatchItem } from './batch.js'
import { flipBoxes, flipMasks } from './flip.js'
import type { Size } from './resize.js'
import { resizeBoxes, resizeNearest } from './resize.js'

/** Corners of an annotation's box, cut off at the image's border. */
const corners = ({ bbox: [x, y, w, h] }: Annotation, { width, height }: Image): readonly number[] => {
  const inside = (value: number, limit: number): number => Math.min(Math.max(value, 0), limit)
  return [inside(x, width), inside(y, height), inside(x + w, width), inside(y + h, height)]
}

/** An annotation without a mask, in a data set of boxes only, counts as its whole box. */
const rleOf = ({ segmentation, bbox }: Annotation, { height, width }: Image): E.Either<MaskError, Rle> =>
  segmentation === undefined ? E.right(rasterizeBox(bbox, height, width)) : maskOf(segmentation, height, width)

const render = (rles: readonly Rle[], from: Size, to: Size, flipped: boolean): Uint8Array => {
  const masks = new Uint8Array(rles.length * to.height * to.width)
  const bitmap = new Uint8Array(from.height * from.width)
  rles.forEach((rle, k) => {
    decodeBitmap(rle, bitmap.fill(0))
    resizeNearest(flipped ? flipMasks(bitmap, from.width) : bitmap, from, to, masks, k * to.height * to.width)
  })
  return masks
}

/**
 * What a network is to find in an image resized to `size`: boxes, labels, masks. Crowds are left out, boxes are cut off at the border,
 * and those that are then without a width or height are dropped. `Left` where a mask or category cannot be used, naming the annotation.
 */
export const targetsOf = (
  image: Image,
  annotations: readonly Annotation[],
  labels: LabelMap,
  size: Size,
  flipped: boolean
): E.Either<CocoError, Pick<BatchItem, 'boxes' | 'labels' | 'masks'>> => {
  const kept: { readonly box: readonly number[]; readonly label: number; readonly rle: Rle }[] = []
  for (const annotation of annotations) {
    if (annotation.iscrowd === 1) continue
    const box = Float32Array.from(resizeBoxes(corners(annotation, image), image, size))
    const [x0 = 0, y0 = 0, x1 = 0, y1 = 0] = box
    if (!(x1 > x0 && y1 > y0)) continue
    const path = `annotation ${annotation.id}`
    const label = labels.labelOf(annotation.category_id)
    if (label === undefined) return E.left(cocoError(image.file_name, [{ path, expected: 'the id of a category', found: String(annotation.category_id), remedy: 'Add the category or correct the id.' }]))
    const rle = rleOf(annotation, image)
    if (E.isLeft(rle)) return E.left(cocoError(image.file_name, [{ path, ...rle.left, remedy: 'Encode the mask anew.' }]))
    kept.push({ box: [...box], label, rle: rle.right })
  }
  const boxes = Float32Array.from(kept.flatMap(({ box }) => box))
  const rles = kept.map(({ rle }) => rle)
  return E.right({
    boxes: flipped ? flipBoxes(boxes, size.width) : boxes,
    labels: Int32Array.from(kept, ({ label }) => label),
    masks: () => render(rles, image, size, flipped)
  })
}
