import { rasterizePolygon, toCompressedString } from '@tabula/coco'
import type { Annotation, Instances, Result } from '@tabula/coco'
import { noise } from '../workloads.js'

/** What is evaluated: ground truth and detections of boxes or masks. */
export interface CocoTask {
  readonly iouType: 'bbox' | 'segm'
  readonly groundTruth: Instances
  readonly results: readonly Result[]
}

const [imageWidth, imageHeight] = [640, 480]

/** An octagon inside a box. */
const octagon = (x: number, y: number, w: number, h: number): readonly number[] =>
  Array.from({ length: 8 }, (_, k) => [x + (w / 2) * (1 + Math.cos((k * Math.PI) / 4)), y + (h / 2) * (1 + Math.sin((k * Math.PI) / 4))]).flat()

/** A detected mask as results files hold it. They have no boxes then: areas would be of those. */
const mask = (polygon: readonly number[]) => ({ size: [imageHeight, imageWidth] as const, counts: toCompressedString(rasterizePolygon(polygon, imageHeight, imageWidth)) })

/** 200 images of 640 × 480, 20 categories, 8 objects and 24 detections an image: each object found twice, moved a little, and 8 times nothing. */
export const cocoTask = (iouType: CocoTask['iouType']): CocoTask => {
  const [images, objects, categories] = [200, 8, 20]
  const random = noise(images * objects * 16, 7).map((x) => (x + 1) / 2)
  const annotations: Annotation[] = []
  const results: Result[] = []
  for (let k = 0; k < images * objects; k++) {
    const u = random.subarray(16 * k, 16 * k + 16)
    const at = (index: number): number => u[index] ?? 0
    const image_id = 1 + Math.floor(k / objects)
    const category_id = 1 + Math.floor(at(0) * categories)
    const [w, h] = [10 + at(1) * 190, 10 + at(2) * 150]
    const [x, y] = [at(3) * (imageWidth - 1 - w), at(4) * (imageHeight - 1 - h)]
    annotations.push({ id: k + 1, image_id, category_id, bbox: [x, y, w, h], area: w * h * 0.7, iscrowd: at(5) < 0.02 ? 1 : 0, segmentation: [octagon(x, y, w, h)] })
    const detected = (shift: number, score: number, category: number): Result => {
      const box = [x + shift * (at(6) - 0.5) * w, y + shift * (at(7) - 0.5) * h, w * (1 + shift * (at(8) - 0.5)), h * (1 + shift * (at(9) - 0.5))] as const
      return { image_id, category_id: category, score, ...(iouType === 'segm' ? { segmentation: mask(octagon(...box)) } : { bbox: box }) }
    }
    results.push(detected(0.2, at(10), category_id), detected(0.7, at(11), category_id), detected(2, at(12), 1 + Math.floor(at(13) * categories)))
  }
  return {
    iouType,
    groundTruth: {
      info: {},
      images: Array.from({ length: images }, (_, k) => ({ id: k + 1, width: imageWidth, height: imageHeight, file_name: `${k + 1}.jpg` })),
      annotations,
      categories: Array.from({ length: categories }, (_, k) => ({ id: k + 1, name: `class ${k + 1}` }))
    },
    results
  }
}
