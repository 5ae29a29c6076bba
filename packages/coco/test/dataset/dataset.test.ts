import { indexOf, labelMap, statistics, statisticsText } from '@tabula/coco'
import type { Annotation, Instances } from '@tabula/coco'
import { describe, expect, it } from 'vitest'

const box = (id: number, image_id: number, category_id: number, bbox: readonly [number, number, number, number], more: Partial<Annotation> = {}): Annotation => ({
  id,
  image_id,
  category_id,
  bbox,
  area: (bbox[2] * bbox[3]) / 2,
  ...more
})

const instances: Instances = {
  images: [
    { id: 10, width: 640, height: 480, file_name: 'a.jpg' },
    { id: 11, width: 100, height: 100, file_name: 'b.jpg' },
    { id: 12, width: 200, height: 100, file_name: 'c.jpg' }
  ],
  annotations: [
    // The first two meet in 5 × 10 of 150 pixels; the third touches the second, its crowd covers all.
    box(1, 10, 18, [0, 0, 10, 10]),
    box(2, 10, 18, [5, 0, 10, 10]),
    box(3, 10, 1, [15, 0, 50, 50]),
    box(4, 10, 1, [0, 0, 640, 480], { iscrowd: 1 }),
    // As in image 10, but in another image: no overlap between images.
    box(5, 12, 18, [0, 0, 150, 100])
  ],
  categories: [
    { id: 18, name: 'dog' },
    { id: 1, name: 'person' },
    { id: 90, name: 'toothbrush' }
  ]
}

describe('labels', () => {
  it('are contiguous from 1, in ascending order of ids', () => {
    const labels = labelMap(instances)
    expect(labels.size).toBe(3)
    expect(labels.names).toEqual(['background', 'person', 'dog', 'toothbrush'])
    expect([1, 18, 90, 2].map(labels.labelOf)).toEqual([1, 2, 3, undefined])
    expect([0, 1, 2, 3, 4].map(labels.categoryIdOf)).toEqual([undefined, 1, 18, 90, undefined])
  })
})

describe('the index', () => {
  it('finds parts by id and annotations by image, in order', () => {
    const index = indexOf(instances)
    expect(index.image(11)?.file_name).toBe('b.jpg')
    expect(index.category(90)?.name).toBe('toothbrush')
    expect(index.annotation(4)?.iscrowd).toBe(1)
    expect([index.image(1), index.category(2), index.annotation(9)]).toEqual([undefined, undefined, undefined])
    expect([10, 11, 12, 99].map((id) => index.annotationsOf(id).map((annotation) => annotation.id))).toEqual([[1, 2, 3, 4], [], [5], []])
  })
})

describe('statistics', () => {
  const s = statistics(instances)
  it('count images, objects, crowds and categories', () => {
    expect([s.images, s.annotations, s.objects, s.crowds, s.pixels]).toEqual([3, 5, 4, 1, 640 * 480 + 10_000 + 20_000])
    expect(s.categories).toEqual([
      { id: 1, name: 'person', objects: 1, images: 1 },
      { id: 18, name: 'dog', objects: 3, images: 2 },
      { id: 90, name: 'toothbrush', objects: 0, images: 0 }
    ])
  })
  it('distribute objects over images', () => {
    expect(s.objectsPerImage).toMatchObject({ mean: 4 / 3, min: 0, median: 1, max: 3 })
    expect(s.histogram).toEqual([
      { from: 0, to: 0, images: 1 },
      { from: 1, to: 1, images: 1 },
      { from: 2, to: 2, images: 0 },
      { from: 3, to: 4, images: 1 }
    ])
    expect(s.imagesWithoutObjects).toBe(1)
    expect(s.shareOfImagesWithCrowds).toBeCloseTo(1 / 3)
  })
  it('tell sizes by box and by mask', () => {
    expect(s.boxSizes).toEqual({ small: 0.5, medium: 0.25, large: 0.25 })
    expect(s.maskSizes).toEqual({ small: 0.5, medium: 0.5, large: 0 })
    expect(s.boxSides).toMatchObject({ min: 10, median: 30, max: Math.sqrt(15_000) })
  })
  it('tell which objects overlap others, without crowds and other images', () => {
    expect(s.shareOfOverlapping).toBe(0.5)
  })
  it('are also a text, which says what an overlap is', () => {
    const text = statisticsText(s)
    expect(text).toContain('3 images (0.3 million pixels), 5 annotations: 4 objects and 1 crowds, 3 categories')
    expect(text).toMatch(/18 +dog +3 +75\.0 % +2\n/)
    expect(text).toMatch(/by box.*50\.0 % +25\.0 % +25\.0 %\n/)
    expect(text).toContain('50.0 % of the objects')
    expect(text).toContain('IoU of boxes at least 0.02')
  })
  it('of an empty data set are zeros', () => {
    const empty = statistics({ images: [], annotations: [], categories: [] })
    expect([empty.images, empty.objectsPerImage.mean, empty.boxSizes.small, empty.shareOfOverlapping, empty.shareOfImagesWithCrowds]).toEqual([0, 0, 0, 0, 0])
    expect(statisticsText(empty)).not.toMatch(/NaN|Infinity/)
  })
})
