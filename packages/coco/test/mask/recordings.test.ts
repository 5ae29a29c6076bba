import path from 'node:path'
import * as t from 'io-ts'
import { describe, expect, test } from 'vitest'
import { Annotation, Image, area, boundingBox, boxIou, decodeBitmap, encodeBitmap, fromCompressedString, intersection, maskIou, maskOf, rasterizeBox, rasterizePolygon, toCompressedString, union } from '../../src/index.js'
import { distance, folder, recording, right } from '../fixtures.js'

const numbers = t.array(t.number)
const sized = { h: t.number, w: t.number }
const iou = t.array(t.array(t.union([t.number, t.null])))
const Recording = t.type({
  polygons: t.array(t.type({ ...sized, xy: numbers, counts: t.string, area: t.number, bbox: numbers })),
  boxes: t.array(t.type({ ...sized, xywh: t.tuple([t.number, t.number, t.number, t.number]), counts: t.string, area: t.number })),
  encode: t.array(t.type({ ...sized, mask: t.array(t.string), rawCounts: numbers, counts: t.string, area: t.number, bbox: numbers })),
  strings: t.array(t.type({ ...sized, rawCounts: numbers, counts: t.string, area: t.number, bbox: numbers })),
  merge: t.array(t.type({ ...sized, rles: t.array(t.string), union: t.string, intersect: t.string, unionArea: t.number, intersectArea: t.number })),
  bboxIou: t.array(t.type({ dt: t.array(numbers), gt: t.array(numbers), iscrowd: numbers, iou })),
  maskIou: t.array(t.type({ ...sized, dt: t.array(t.string), gt: t.array(t.string), iscrowd: numbers, iou }))
})
const api = recording(Recording, new URL('mask_api.json', folder))
const wanted = (table: readonly (readonly (number | null)[])[]) => table.flat().map((x) => x ?? NaN)

describe('recordings of the reference mask API', () => {
  test('polygons', () => {
    for (const { h, w, xy, counts, area: pixels, bbox } of api.polygons) {
      const mask = rasterizePolygon(xy, h, w)
      expect([toCompressedString(mask), area(mask), boundingBox(mask)]).toEqual([counts, pixels, bbox])
    }
  })
  test('boxes', () => {
    for (const { h, w, xywh, counts, area: pixels } of api.boxes) {
      const mask = rasterizeBox(xywh, h, w)
      expect([toCompressedString(mask), area(mask)]).toEqual([counts, pixels])
    }
  })
  test('bitmaps', () => {
    for (const { h, w, mask: rows, rawCounts, counts, area: pixels, bbox } of api.encode) {
      const bitmap = rows.flatMap((row) => [...row].map(Number))
      const mask = encodeBitmap(bitmap, h, w)
      expect([[...mask.counts], toCompressedString(mask), area(mask), boundingBox(mask)]).toEqual([rawCounts, counts, pixels, bbox])
      expect([...decodeBitmap(mask)]).toEqual(bitmap)
    }
  })
  test('compressed strings', () => {
    for (const { h, w, rawCounts, counts, area: pixels, bbox } of api.strings) {
      const mask = right(fromCompressedString(counts, h, w))
      expect([[...mask.counts], toCompressedString(mask), area(mask), boundingBox(mask)]).toEqual([rawCounts, counts, pixels, bbox])
    }
  })
  test('unions and intersections', () => {
    for (const { h, w, rles, union: together, intersect, unionArea, intersectArea } of api.merge) {
      const masks = rles.map((text) => right(fromCompressedString(text, h, w)))
      expect([toCompressedString(union(...masks)), area(union(...masks))]).toEqual([together, unionArea])
      expect([toCompressedString(intersection(...masks)), area(intersection(...masks))]).toEqual([intersect, intersectArea])
    }
    const other = (height: number, width: number) => encodeBitmap(new Uint8Array(12), height, width)
    expect(union(other(3, 4), other(4, 3))).toEqual({ height: 0, width: 0, counts: new Uint32Array() })
  })
  test('IoU of boxes and of masks', () => {
    for (const { dt, gt, iscrowd, iou: want } of api.bboxIou) expect(distance(boxIou(dt.flat(), gt.flat(), iscrowd), wanted(want))).toBeLessThanOrEqual(1e-12)
    for (const { h, w, dt, gt, iscrowd, iou: want } of api.maskIou) {
      const masks = (texts: readonly string[]) => texts.map((text) => right(fromCompressedString(text, h, w)))
      expect(distance(maskIou(masks(dt), masks(gt), iscrowd), wanted(want))).toBeLessThanOrEqual(1e-12)
    }
  })
})

describe('recordings of the reference mask API on real annotations', () => {
  const external = process.env['TABULA_FIXTURES']
  if (external === undefined) {
    test('are run where TABULA_FIXTURES names their folder', () => {
      console.warn('TABULA_FIXTURES is not set: the masks of real annotations were NOT compared.')
    })
    return
  }
  const Real = t.type({
    annToRLE: t.array(t.type({ id: t.number, rle: t.type({ counts: t.string }), area: t.number, bbox: numbers })),
    realIou: t.array(t.type({ ids: numbers, iscrowd: numbers, maskIou: iou, bboxIou: iou }))
  })
  const real = recording(Real, path.join(external, 'coco', 'mask_api.json'))
  const masksEvaluated = recording(t.array(t.type({ iouType: t.string, gt: t.string })), path.join(external, 'coco', 'cases.json')).find(({ iouType }) => iouType === 'segm')
  const file = path.resolve(external, '../..', masksEvaluated?.gt ?? '')
  const { images, annotations } = recording(t.type({ images: t.array(Image), annotations: t.array(Annotation) }), file)
  const annotationOf = (id: number) => annotations.find((annotation) => annotation.id === id) ?? expect.unreachable(`no annotation ${id}`)
  const maskOfAnnotation = (id: number) => {
    const { image_id, segmentation = [] } = annotationOf(id)
    const { height, width } = images.find((image) => image.id === image_id) ?? expect.unreachable(`no image ${image_id}`)
    return right(maskOf(segmentation, height, width))
  }
  test('annotations as masks', () => {
    for (const { id, rle, area: pixels, bbox } of real.annToRLE) {
      const mask = maskOfAnnotation(id)
      expect([toCompressedString(mask), area(mask), boundingBox(mask)]).toEqual([rle.counts, pixels, bbox])
    }
  })
  test('IoU of the fullest images', () => {
    for (const { ids, iscrowd, maskIou: masks, bboxIou: boxes } of real.realIou) {
      const own = ids.map(maskOfAnnotation)
      const ownBoxes = ids.flatMap((id) => annotationOf(id).bbox)
      expect(distance(maskIou(own, own, iscrowd), wanted(masks))).toBeLessThanOrEqual(1e-12)
      expect(distance(boxIou(ownBoxes, ownBoxes, iscrowd), wanted(boxes))).toBeLessThanOrEqual(1e-12)
    }
  })
})
