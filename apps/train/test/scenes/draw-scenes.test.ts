import { createHash } from 'node:crypto'
import { mkdir, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { either as E } from 'fp-ts'
import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { areaOf, rasterize } from '../../src/scenes/mask.js'
import { describeScenesError, drawScenes } from '../../src/scenes/index.js'
import type { InstancesFile } from '../../src/scenes/annotate.js'
import type { ScenesError, Summary } from '../../src/scenes/index.js'

const images = 140
let root: string
let file: InstancesFile
let summary: Summary

const right = <A>(result: E.Either<ScenesError, A>): A => {
  if (E.isLeft(result)) throw new Error(describeScenesError(result.left))
  return result.right
}
const annotationsOf = async (path: string): Promise<InstancesFile> => JSON.parse(await readFile(path, 'utf8'))

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'scenes-'))
  summary = right(await drawScenes({ directory: join(root, 'a'), images, seed: 20 })())
  file = await annotationsOf(summary.annotations)
}, 60_000)
afterAll(() => rm(root, { recursive: true, force: true }))

const instances = (): InstancesFile['annotations'] => file.annotations.filter(({ iscrowd }) => iscrowd === 0)
const flat = (segmentation: InstancesFile['annotations'][number]['segmentation']): readonly (readonly number[])[] =>
  'counts' in segmentation ? [] : segmentation

describe('the annotations', () => {
  test('name at least eight classes, all of them frequent', () => {
    expect(file.categories.length).toBeGreaterThanOrEqual(8)
    expect(file.categories.map(({ id }) => id)).toEqual(file.categories.map((_, index) => index + 1))
    for (const { instances: count } of summary.perCategory) expect(count).toBeGreaterThan(instances().length / 20)
  })

  test('have unique ids from 1 and refer to existing images and categories', () => {
    expect(file.annotations.map(({ id }) => id)).toEqual(file.annotations.map((_, index) => index + 1))
    expect(file.images.map(({ id }) => id)).toEqual(Array.from({ length: images }, (_, index) => index + 1))
    for (const { image_id, category_id } of file.annotations) {
      expect(image_id).toBeGreaterThanOrEqual(1)
      expect(image_id).toBeLessThanOrEqual(images)
      expect(file.categories.some(({ id }) => id === category_id)).toBe(true)
    }
  })

  test('count seven instances an image', () => {
    expect(instances().length / images).toBeGreaterThanOrEqual(6.5)
    expect(instances().length / images).toBeLessThanOrEqual(7.5)
    expect(new Set(file.images.map(({ id }) => instances().filter((one) => one.image_id === id).length)).size).toBe(7)
  })

  test('are small in a quarter of the cases and large in another', () => {
    const small = instances().filter(({ area }) => area < 1024).length / instances().length
    expect(small).toBeGreaterThanOrEqual(0.25)
    expect(small).toBeLessThanOrEqual(0.8)
    expect(summary.smallShare).toBe(small)
  })

  test('overlap another object in at least three cases out of ten', () => {
    const touching = instances().filter((a) =>
      instances().some((b) => {
        if (a === b || a.image_id !== b.image_id) return false
        const wide = Math.min(a.bbox[0] + a.bbox[2], b.bbox[0] + b.bbox[2]) - Math.max(a.bbox[0], b.bbox[0])
        const high = Math.min(a.bbox[1] + a.bbox[3], b.bbox[1] + b.bbox[3]) - Math.max(a.bbox[1], b.bbox[1])
        return wide > 0 && high > 0 && wide * high > 0.05 * Math.min(a.bbox[2] * a.bbox[3], b.bbox[2] * b.bbox[3])
      })
    )
    expect(touching.length / instances().length).toBeGreaterThanOrEqual(0.3)
    expect(summary.overlappingShare).toBeGreaterThanOrEqual(0.3)
  })

  test('have crowd regions as run lengths in one image of ten', () => {
    const crowds = file.annotations.filter(({ iscrowd }) => iscrowd === 1)
    expect(new Set(crowds.map(({ image_id }) => image_id)).size).toBe(images / 10)
    for (const { segmentation, area } of crowds) {
      if (!('counts' in segmentation)) throw new Error('a crowd without run lengths')
      expect(segmentation.size).toEqual([128, 128])
      expect(segmentation.counts.reduce((sum, count) => sum + count, 0)).toBe(128 * 128)
      expect(segmentation.counts.reduce((sum, count, index) => sum + (index % 2) * count, 0)).toBe(area)
    }
  })

  test('state the pixels of the mask as area, and never claim a pixel twice', () => {
    for (const { id } of file.images) {
      const owned = new Uint8Array(128 * 128)
      for (const { segmentation, area } of instances().filter((one) => one.image_id === id)) {
        const mask = rasterize(flat(segmentation), 128, 128)
        expect(areaOf(mask)).toBe(area)
        expect(area).toBeGreaterThanOrEqual(12)
        mask.forEach((pixel, index) => (owned[index] = (owned[index] ?? 0) + pixel))
      }
      // Neighbours share the snapped grid's border pixels here and there, nothing more.
      expect(owned.filter((count) => count > 1).length).toBeLessThanOrEqual(40)
    }
  })

  test('have polygons of three corners or more inside the image, and the box of those', () => {
    for (const { segmentation, bbox } of instances()) {
      const polygons = flat(segmentation)
      expect(polygons.length).toBeGreaterThan(0)
      for (const polygon of polygons) expect(polygon.length).toBeGreaterThanOrEqual(6)
      const xs = polygons.flatMap((polygon) => polygon.filter((_, index) => index % 2 === 0))
      const ys = polygons.flatMap((polygon) => polygon.filter((_, index) => index % 2 === 1))
      expect(bbox[0]).toBe(Math.min(...xs))
      expect(bbox[1]).toBe(Math.min(...ys))
      expect(bbox[0] + bbox[2]).toBeCloseTo(Math.max(...xs), 6)
      expect(bbox[1] + bbox[3]).toBeCloseTo(Math.max(...ys), 6)
      expect(Math.min(...xs, ...ys)).toBeGreaterThanOrEqual(0)
      expect(Math.max(...xs, ...ys)).toBeLessThanOrEqual(128)
    }
  })

  test('keep the hole of a ring out of its mask', () => {
    const ring = file.categories.find(({ name }) => name === 'ring')?.id
    const free = instances().filter(
      ({ category_id, bbox: [x, y, w, h], area }) =>
        category_id === ring &&
        x > 0 &&
        y > 0 &&
        x + w < 128 &&
        y + h < 128 &&
        Math.abs(w - h) < 2 &&
        area > 0.5 * w * h &&
        w > 16
    )
    expect(free.length).toBeGreaterThan(0)
    for (const { bbox, segmentation } of free) {
      const centre = Math.floor(bbox[0] + bbox[2] / 2) * 128 + Math.floor(bbox[1] + bbox[3] / 2)
      expect(rasterize(flat(segmentation), 128, 128)[centre]).toBe(0)
    }
  })
})

describe('the images', () => {
  test('are JPEG files of the stated size', async () => {
    expect((await readdir(summary.imagesFolder)).length).toBe(images)
    const meta = await sharp(join(summary.imagesFolder, file.images[0]?.file_name ?? '')).metadata()
    expect([meta.format, meta.width, meta.height, meta.channels]).toEqual(['jpeg', 128, 128, 3])
  })

  test('show objects that stand out from their surroundings', async () => {
    // Contrast between the mask and the ring of pixels around its box, over the largest object of each of ten images.
    for (const image of file.images.slice(0, 10)) {
      const largest = instances()
        .filter((one) => one.image_id === image.id)
        .reduce((a, b) => (a.area > b.area ? a : b))
      const { data } = await sharp(join(summary.imagesFolder, image.file_name)).raw().toBuffer({ resolveWithObject: true })
      const every = instances()
        .filter((one) => one.image_id === image.id)
        .map(({ segmentation }) => rasterize(flat(segmentation), 128, 128))
      const mean = (inside: (index: number) => boolean): readonly number[] =>
        [0, 1, 2].map((channel) => {
          let [sum, count] = [0, 0]
          for (let index = 0; index < 128 * 128; index += 1) {
            if (!inside((index % 128) * 128 + Math.floor(index / 128))) continue
            sum += data[3 * index + channel] ?? 0
            count += 1
          }
          return sum / count
        })
      const mask = rasterize(flat(largest.segmentation), 128, 128)
      const object = mean((index) => mask[index] === 1)
      const ground = mean((index) => every.every((one) => one[index] === 0))
      expect(Math.max(...object.map((value, channel) => Math.abs(value - (ground[channel] ?? 0))))).toBeGreaterThan(30)
    }
  })
})

describe('the seed', () => {
  const digest = async (directory: string, split: string): Promise<string> => {
    const hash = createHash('sha256').update(await readFile(join(directory, 'annotations', `instances_${split}.json`)))
    for (const name of (await readdir(join(directory, split))).sort()) hash.update(await readFile(join(directory, split, name)))
    return hash.digest('hex')
  }
  const draw = async (name: string, seed: number, split = 'train', size = 128): Promise<string> => {
    right(await drawScenes({ directory: join(root, name), images: 6, seed, split, size })())
    return digest(join(root, name), split)
  }

  test('fixes every byte; another seed or split gives other scenes', async () => {
    const first = await draw('s1', 7)
    expect(await draw('s2', 7)).toBe(first)
    expect(await draw('s1', 7)).toBe(first)
    expect(await draw('s3', 8)).not.toBe(first)
    expect(await draw('s4', 7 + 2 ** 32)).not.toBe(first)
    await draw('s5', 7, 'val')
    const other = await annotationsOf(join(root, 's5', 'annotations', 'instances_val.json'))
    expect(other.annotations[0]).not.toEqual(
      (await annotationsOf(join(root, 's1', 'annotations', 'instances_train.json'))).annotations[0]
    )
  })

  test('fixes each image whatever the number of images', async () => {
    await draw('s6', 20)
    const six = await annotationsOf(join(root, 's6', 'annotations', 'instances_train.json'))
    expect(file.annotations.slice(0, six.annotations.length)).toEqual(six.annotations)
  })

  test('serves larger canvases too', async () => {
    await draw('large', 3, 'train', 256)
    const large = await annotationsOf(join(root, 'large', 'annotations', 'instances_train.json'))
    expect(large.images.every(({ width, height }) => width === 256 && height === 256)).toBe(true)
    expect(Math.max(...large.annotations.map(({ bbox }) => bbox[2]))).toBeGreaterThan(70)
  })
})

describe('refusals', () => {
  test.each([
    [{ images: 0 }, 'images'],
    [{ images: 1.5 }, 'images'],
    [{ seed: -1 }, 'seed'],
    [{ seed: Number.NaN }, 'seed'],
    [{ size: 64 }, 'size'],
    [{ split: '../up' }, 'split'],
    [{ split: '' }, 'split']
  ])('%o is refused by name', async (change, option) => {
    const result = await drawScenes({ directory: join(root, 'never'), images: 1, seed: 1, ...change })()
    if (E.isRight(result)) throw new Error('was drawn')
    expect(result.left).toMatchObject({ tag: 'InvalidOption', option })
    expect(describeScenesError(result.left)).toContain(option)
    await expect(readdir(join(root, 'never'))).rejects.toThrow()
  })

  test('photographs and annotations of another origin stay as they are', async () => {
    const directory = join(root, 'photos')
    await mkdir(join(directory, 'train'), { recursive: true })
    await writeFile(join(directory, 'train', '000000000001.jpg'), 'a photograph')
    expect(await drawScenes({ directory, images: 1, seed: 1 })()).toMatchObject({ left: { tag: 'Occupied' } })
    expect(await readFile(join(directory, 'train', '000000000001.jpg'), 'utf8')).toBe('a photograph')
    await mkdir(join(directory, 'annotations'))
    await writeFile(join(directory, 'annotations', 'instances_val.json'), '{"images":[]}')
    expect(await drawScenes({ directory, images: 1, seed: 1, split: 'val' })()).toMatchObject({ left: { tag: 'Occupied' } })
  })

  test('a folder that cannot be made is an error value', async () => {
    await writeFile(join(root, 'a-file'), '')
    expect(await drawScenes({ directory: join(root, 'a-file'), images: 1, seed: 1 })()).toMatchObject({
      left: { tag: 'WriteFailed' }
    })
  })
})
