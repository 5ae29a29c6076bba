import { createHash } from 'node:crypto'
import type { Instances } from '@tabula/coco'

/** Identifies the images and objects that a training sees, in their order: a run goes on with exactly the same numbers on no others. */
export const fingerprintOf = ({ images, annotations, categories }: Instances): string => {
  const hash = createHash('sha256')
  categories.forEach(({ id, name }) => hash.update(JSON.stringify([id, name])))
  images.forEach(({ id, width, height, file_name }) => hash.update(JSON.stringify([id, width, height, file_name])))
  annotations.forEach(({ image_id, category_id, bbox, area, iscrowd = 0 }) => hash.update(JSON.stringify([image_id, category_id, bbox, area, iscrowd])))
  return hash.digest('hex')
}
