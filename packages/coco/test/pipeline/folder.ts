import fs from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import type { Annotation, Instances } from '@tabula/coco'
import sharp from 'sharp'

/** An empty folder, and how to remove it. */
export const folder = async (): Promise<{ readonly at: (name: string) => string; readonly remove: () => Promise<void> }> => {
  const root = await fs.mkdtemp(path.join(os.tmpdir(), 'tabula-coco-'))
  return { at: (name) => path.join(root, name), remove: () => fs.rm(root, { recursive: true, force: true }) }
}

/** A rectangle as an annotation. */
export const rectangle = (id: number, imageId: number, [x, y, w, h]: readonly [number, number, number, number], categoryId = 7): Annotation => ({
  id,
  image_id: imageId,
  category_id: categoryId,
  bbox: [x, y, w, h],
  area: w * h,
  iscrowd: 0,
  segmentation: [[x, y, x + w, y, x + w, y + h, x, y + h]]
})

/** A grey PNG with white rectangles where the annotations are; the red channel holds the image's id. */
const draw = async (file: string, { id, width, height }: { readonly id: number; readonly width: number; readonly height: number }, annotations: readonly Annotation[]): Promise<void> => {
  const data = new Uint8Array(width * height * 3).fill(100)
  for (let k = 0; k < data.length; k += 3) data[k] = id
  for (const { bbox: [x, y, w, h] } of annotations) {
    for (let row = y; row < y + h; row++) data.fill(255, (row * width + x) * 3, (row * width + x + w) * 3)
  }
  await sharp(data, { raw: { width, height, channels: 3 } }).png().toFile(file)
}

/** Seven images of different shapes: one without objects, one with a crowd; written into the folder as `1.png` …. */
export const smallDataSet = async (at: (name: string) => string): Promise<Instances> => {
  const images = [1, 2, 3, 4, 5, 6, 7].map((id) => ({ id, width: id % 2 === 0 ? 40 : 30, height: id % 2 === 0 ? 24 : 36, file_name: `${id}.png` }))
  const annotations = [
    ...[1, 2, 3, 4, 5, 6].map((id) => rectangle(id, id, [2 + id, 4, 8, 10])),
    rectangle(7, 1, [20, 20, 6, 6], 3),
    { ...rectangle(8, 2, [20, 4, 12, 12]), iscrowd: 1 as const }
  ]
  await Promise.all(images.map((image) => draw(at(image.file_name), image, annotations.filter(({ image_id }) => image_id === image.id))))
  return { images, annotations, categories: [{ id: 7, name: 'box' }, { id: 3, name: 'dot' }] }
}
