import { formatCocoError } from '@tabula/coco'
import { detectronNormalization, evaluationBatches, imageBatch, loader, readImage, start, torchvisionNormalization } from '@tabula/coco/pipeline'
import type { Batch, Loader, LoaderOptions, Position } from '@tabula/coco/pipeline'
import { either as E } from 'fp-ts'
import { afterAll, describe, expect, it } from 'vitest'
import { distance, right } from '../fixtures.js'
import { folder, smallDataSet } from './folder.js'

const { at, remove } = await folder()
afterAll(remove)
const instances = await smallDataSet(at)

const options: LoaderOptions = {
  instances,
  imageDirectory: at('.'),
  batchSize: 2,
  minSize: 48,
  maxSize: 96,
  flipProbability: 0.5,
  seed: 3,
  normalization: torchvisionNormalization,
  policy: 'fail',
  shuffle: true
}

/** Batches one after another, and the position after the last. */
const steps = async (from: Loader, count: number, position: Position = start): Promise<{ readonly batches: readonly Batch[]; readonly position: Position }> => {
  const batches: Batch[] = []
  for (let k = 0; k < count; k++) {
    const step = right(await from.next(position)())
    batches.push(step.batch)
    position = step.position
  }
  return { batches, position }
}

/** A batch with its masks rendered, to be compared. */
const whole = (batch: Batch) => ({ ...batch, items: batch.items.map((item) => ({ ...item, masks: item.masks() })) })
const ids = (batches: readonly Batch[]): readonly number[] => batches.flatMap(({ items }) => items.map(({ imageId }) => imageId))
const failure = async (from: Loader): Promise<string> => {
  const result = await from.next(start)()
  if (E.isRight(result)) throw new Error('expected an error')
  return formatCocoError(result.left)
}

describe('order', () => {
  it('visits every image once an epoch, in another order each epoch and for each seed', async () => {
    const { batches, position } = await steps(loader(options), 7)
    const [first, second] = [ids(batches).slice(0, 7), ids(batches).slice(7)]
    expect([...first].sort()).toEqual([1, 2, 3, 4, 5, 6, 7])
    expect([...second].sort()).toEqual([1, 2, 3, 4, 5, 6, 7])
    expect(first).not.toEqual(second)
    expect(position).toEqual({ epoch: 2, index: 0 })
    expect(ids((await steps(loader({ ...options, seed: 4 }), 4)).batches).slice(0, 7)).not.toEqual(first)
  })
  it("is the file's without shuffling", async () => {
    expect(ids((await steps(loader({ ...options, shuffle: false }), 4)).batches)).toEqual([1, 2, 3, 4, 5, 6, 7, 1])
  })
  it('fills a batch that is larger than the data set from several epochs', async () => {
    const { batches, position } = await steps(loader({ ...options, batchSize: 16, shuffle: false }), 1)
    expect(ids(batches)).toEqual([1, 2, 3, 4, 5, 6, 7, 1, 2, 3, 4, 5, 6, 7, 1, 2])
    expect(position).toEqual({ epoch: 2, index: 2 })
  })
  it('keeps upright images to themselves where it groups, and leaves none out', async () => {
    const grouping = loader({ ...options, groupBySize: true })
    expect(grouping.epochLength).toBe(8)
    const { batches, position } = await steps(grouping, 4)
    batches.forEach(({ items }) => expect(new Set(items.map(({ originalHeight, originalWidth }) => originalHeight > originalWidth)).size).toBe(1))
    expect([...new Set(ids(batches))].sort()).toEqual([1, 2, 3, 4, 5, 6, 7])
    expect(position).toEqual({ epoch: 1, index: 0 })
  })
})

describe('batches', () => {
  it('are the same for the same position: from another loader, resumed, without cache, with any prefetch', async () => {
    const straight = await steps(loader(options), 10)
    const half = await steps(loader({ ...options, prefetch: 3 }), 5)
    const resumed = await steps(loader({ ...options, cacheBytes: 0, prefetch: 0 }), 5, JSON.parse(JSON.stringify(half.position)) as Position)
    expect([...half.batches, ...resumed.batches].map(whole)).toEqual(straight.batches.map(whole))
    expect(resumed.position).toEqual(straight.position)
  })
  it('can be asked for in any order', async () => {
    const one = loader({ ...options, prefetch: 2 })
    const { batches } = await steps(one, 4)
    const again = right(await one.next({ epoch: 0, index: 2 })())
    expect(whole(again.batch)).toEqual(batches.slice(1, 2).map(whole)[0])
    expect(await steps(one, 4).then((all) => all.batches.map(whole))).toEqual(batches.map(whole))
  })
  it('hold what is in the images: boxes, masks and pixels agree, mirrored or not', async () => {
    const { batches } = await steps(loader(options), 14)
    let [flipped, objects] = [0, 0]
    for (const { images, height, width, items } of batches) {
      items.forEach((item, n) => {
        expect([item.scaleX, item.scaleY]).toEqual([item.width / item.originalWidth, item.height / item.originalHeight])
        if (item.flipped) flipped++
        const masks = item.masks()
        expect(masks.length).toBe(item.labels.length * item.height * item.width)
        item.labels.forEach((label, k) => {
          objects++
          expect(label).toBe(item.imageId === 1 && k === 1 ? 1 : 2)
          const [x0 = 0, y0 = 0, x1 = 0, y1 = 0] = item.boxes.subarray(k * 4)
          const mask = masks.subarray(k * item.height * item.width, (k + 1) * item.height * item.width)
          const area = mask.reduce((sum, value) => sum + value, 0)
          // Each edge of the mask is within a pixel of the box's.
          expect(Math.abs(area - (x1 - x0) * (y1 - y0))).toBeLessThanOrEqual(x1 - x0 + y1 - y0 + 1)
          const [centreX, centreY] = [Math.floor((x0 + x1) / 2), Math.floor((y0 + y1) / 2)]
          expect(mask[centreY * item.width + centreX]).toBe(1)
          // White in the middle of the object: (1 − mean) / std of the green channel.
          expect(images[((n * 3 + 1) * height + centreY) * width + centreX]).toBeCloseTo((1 - 0.456) / 0.224, 5)
        })
      })
    }
    expect(objects).toBe(28)
    expect(flipped).toBeGreaterThan(5)
    expect(flipped).toBeLessThan(23)
  })
  it('leave out crowds, keep images without objects, and pad with zeros to multiples of 32', async () => {
    const { batches } = await steps(loader({ ...options, flipProbability: 0, shuffle: false }), 4)
    const items = batches.flatMap((batch) => batch.items)
    expect(items.map(({ labels }) => labels.length)).toEqual([2, 1, 1, 1, 1, 1, 0, 2])
    expect([...(items[6]?.masks() ?? [0])]).toEqual([])
    const [first] = batches
    // 30 × 36 becomes 48 × 57, and 40 × 24 becomes 80 × 48.
    expect([first?.height, first?.width]).toEqual([64, 96])
    expect(first?.items.map(({ height, width }) => [height, width])).toEqual([[57, 48], [48, 80]])
    expect([first?.images[56 * 96 + 47] !== 0, first?.images[56 * 96 + 48], first?.images[57 * 96]]).toEqual([true, 0, 0])
  })
  it('are mirrored always or never at probabilities 1 and 0', async () => {
    const flips = async (flipProbability: number) => (await steps(loader({ ...options, flipProbability }), 7)).batches.flatMap(({ items }) => items.map((item) => item.flipped))
    expect(new Set(await flips(1))).toEqual(new Set([true]))
    expect(new Set(await flips(0))).toEqual(new Set([false]))
  })
  it('drop boxes that have no width within the image', async () => {
    const outside = { id: 90, image_id: 7, category_id: 7, bbox: [30, 4, 1, 5] as const, area: 5 }
    const { batches } = await steps(loader({ ...options, instances: { ...instances, annotations: [...instances.annotations, outside] }, shuffle: false }), 4)
    expect(batches[3]?.items[0]?.labels.length).toBe(0)
  })
  it('are of the fixed size, where there is one', async () => {
    const { batches } = await steps(loader({ ...options, fixedSize: { height: 96, width: 128 } }), 2)
    expect(batches.map(({ height, width, images }) => [height, width, images.length])).toEqual([[96, 128, 2 * 3 * 96 * 128], [96, 128, 2 * 3 * 96 * 128]])
    expect(await failure(loader({ ...options, fixedSize: { height: 48, width: 64 } }))).toMatch(/at most 64 × 48 pixels after resizing/)
  })
  it("are blue, green, red for Detectron's networks", async () => {
    const { batches } = await steps(loader({ ...options, flipProbability: 0, shuffle: false, normalization: detectronNormalization }), 1)
    const [{ images, height, width }] = [batches[0] ?? { images: new Float32Array(), height: 0, width: 0 }]
    expect(distance([0, 1, 2].map((c) => images[c * height * width] ?? NaN), [100 - 102.9801, 100 - 115.9465, 1 - 122.7717])).toBeLessThan(1e-5)
  })
})

describe('images that cannot be used', () => {
  const broken = (change: Readonly<Record<string, unknown>>) => ({ ...instances, images: instances.images.map((image) => (image.id === 3 ? { ...image, ...change } : image)) })
  it.each([
    ['are missing', { file_name: 'none.png' }, /none\.png.*no such file/s],
    ['climb out of the folder', { file_name: '../1.png' }, /inside the image folder/],
    ['have absolute paths', { file_name: '/etc/passwd' }, /inside the image folder/],
    ['have another size than their annotations say', { width: 31 }, /31 × 36 pixels, as its annotations say, found 30 × 36/]
  ])('end the run where they %s', async (_, change, message) => {
    expect(await failure(loader({ ...options, instances: broken(change), batchSize: 7 }))).toMatch(message)
  })
  it('give way to others of their batch where they are to be skipped', async () => {
    const { batches } = await steps(loader({ ...options, instances: broken({ file_name: 'none.png' }), batchSize: 4, shuffle: false, policy: 'skip' }), 2)
    expect(ids(batches)).toEqual([1, 2, 1, 4, 5, 6, 7, 1])
    expect(batches.map(({ skipped }) => skipped.length)).toEqual([1, 0])
    const none = { ...instances, images: instances.images.map((image) => ({ ...image, file_name: 'none.png' })) }
    expect(await failure(loader({ ...options, instances: none, policy: 'skip' }))).toMatch(/no such file/)
  })
  it('are named also where a data set has none', async () => {
    expect(await failure(loader({ ...options, instances: { ...instances, images: [], annotations: [] } }))).toMatch(/a data set with images/)
  })
})

describe('evaluation', () => {
  it("takes every image once, in the file's order, unflipped", async () => {
    const batches = evaluationBatches({ ...options, batchSize: 3 })
    const read = await Promise.all(batches.map(async (batch) => right(await batch())))
    expect(ids(read)).toEqual([1, 2, 3, 4, 5, 6, 7])
    expect(read.flatMap(({ items }) => items.map(({ flipped }) => flipped))).not.toContain(true)
  })
  it('prepares an image without annotations the same way', async () => {
    const alone = right(imageBatch(right(await readImage(at('2.png'))()), '2.png', options))
    const all = right(await (evaluationBatches({ ...options, batchSize: 1 })[1] ?? (() => Promise.reject(new Error('no batch'))))())
    expect(alone.images).toEqual(all.images)
    expect(alone.items[0]).toMatchObject({ fileName: '2.png', height: 48, width: 80, originalHeight: 24, originalWidth: 40 })
  })
})
