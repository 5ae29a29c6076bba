import type { Annotation, InstancesFile } from './annotate.js'

/** What was drawn, counted on the annotations as written. Crowd regions are not instances. */
export type Summary = {
  readonly annotations: string
  readonly imagesFolder: string
  readonly images: number
  readonly instances: number
  readonly crowds: number
  /** Share of the instances with a mask of less than 32² pixels. */
  readonly smallShare: number
  /** Share of the instances whose box has an IoU of at least 0.02 with the box of another instance of the image. */
  readonly overlappingShare: number
  readonly perCategory: readonly { readonly name: string; readonly instances: number }[]
}

const overlap = 0.02

/** Counts the annotations of a file; the two paths are passed through. */
export const summarize = (
  file: InstancesFile,
  paths: { readonly annotations: string; readonly imagesFolder: string }
): Summary => {
  const instances = file.annotations.filter(({ iscrowd }) => iscrowd === 0)
  const byImage = new Map<number, Annotation[]>()
  for (const instance of instances) {
    const others = byImage.get(instance.image_id)
    if (others === undefined) byImage.set(instance.image_id, [instance])
    else others.push(instance)
  }
  const overlapping = instances.filter((one) =>
    (byImage.get(one.image_id) ?? []).some((other) => other !== one && boxIou(one.bbox, other.bbox) >= overlap)
  )
  return {
    ...paths,
    images: file.images.length,
    instances: instances.length,
    crowds: file.annotations.length - instances.length,
    smallShare: instances.filter(({ area }) => area < 32 * 32).length / instances.length,
    overlappingShare: overlapping.length / instances.length,
    perCategory: file.categories.map(({ id, name }) => ({
      name,
      instances: instances.filter((one) => one.category_id === id).length
    }))
  }
}

const boxIou = (a: Annotation['bbox'], b: Annotation['bbox']): number => {
  const wide = Math.min(a[0] + a[2], b[0] + b[2]) - Math.max(a[0], b[0])
  const high = Math.min(a[1] + a[3], b[1] + b[3]) - Math.max(a[1], b[1])
  const shared = Math.max(0, wide) * Math.max(0, high)
  return shared / (a[2] * a[3] + b[2] * b[3] - shared)
}
