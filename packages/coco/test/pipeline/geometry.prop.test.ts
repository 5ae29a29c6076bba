import { fc, test } from '@fast-check/vitest'
import { flipBoxes, flipImage, flipMasks, paddedSize, resizeBilinear, resizeNearest, scaledSize } from '@tabula/coco/pipeline'
import type { RgbImage, Size } from '@tabula/coco/pipeline'
import { describe, expect } from 'vitest'
import { distance } from '../fixtures.js'

const side = fc.integer({ min: 1, max: 12 })
const size = fc.record({ height: side, width: side })
const image: fc.Arbitrary<RgbImage> = size.chain(({ height, width }) =>
  fc.uint8Array({ minLength: height * width * 3, maxLength: height * width * 3 }).map((data) => ({ height, width, data }))
)
const bitmap = size.chain(({ height, width }) =>
  fc.uint8Array({ min: 0, max: 1, minLength: height * width, maxLength: height * width }).map((data) => ({ height, width, data }))
)
const plane = size.chain(({ height, width }) =>
  fc.float32Array({ noNaN: true, noDefaultInfinity: true, min: -4, max: 4, minLength: height * width, maxLength: height * width }).map((data) => ({ height, width, data }))
)

const resized = ({ height, width, data }: Size & { readonly data: Float32Array }, to: Size): Float32Array => {
  const target = new Float32Array(to.height * to.width)
  const readRow = (y: number, into: Float32Array): void => into.set(data.subarray(y * width, (y + 1) * width))
  resizeBilinear({ height, width, readRow }, to, target)
  return target
}

const mirrored = ({ height, width, data }: Size & { readonly data: Float32Array }): Size & { readonly data: Float32Array } => ({
  height,
  width,
  data: data.map((_, k) => data[k - (k % width) + width - 1 - (k % width)] ?? NaN)
})

describe('flipping', () => {
  test.prop([image])('an image twice gives it back; once, its columns in reverse', (original) => {
    const once = flipImage(original)
    expect(flipImage(once)).toEqual(original)
    const { height, width, data } = original
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        expect(once.data.subarray((y * width + x) * 3, (y * width + x) * 3 + 3)).toEqual(data.subarray((y * width + width - 1 - x) * 3, (y * width + width - x) * 3))
      }
    }
  })
  test.prop([fc.array(fc.tuple(fc.integer({ min: 0, max: 50 }), fc.integer({ min: 0, max: 50 }), fc.integer({ min: 50, max: 100 }), fc.integer({ min: 50, max: 100 })))])(
    'boxes twice gives them back; their widths stay',
    (boxes) => {
      const original = Float32Array.from(boxes.flat())
      const once = flipBoxes(original, 100)
      expect(flipBoxes(once, 100)).toEqual(original)
      boxes.forEach(([x0, y0, x1, y1], k) => expect([...once.subarray(k * 4, k * 4 + 4)]).toEqual([100 - x1, y0, 100 - x0, y1]))
    }
  )
  test.prop([bitmap])('masks twice gives them back', ({ width, data }) => {
    expect(flipMasks(flipMasks(data, width), width)).toEqual(data)
  })
  test.prop([plane, size])('commutes with resizing', (original, to) => {
    expect(distance(resized(mirrored(original), to), mirrored({ ...to, data: resized(original, to) }).data)).toBeLessThan(1e-5)
  })
})

describe('resizing', () => {
  test.prop([plane])('to the same size changes nothing', (original) => {
    expect(distance(resized(original, original), original.data)).toBe(0)
  })
  test.prop([plane, size])('stays within the values', (original, to) => {
    const [low, high] = [Math.min(...original.data), Math.max(...original.data)]
    for (const value of resized(original, to)) {
      expect(value).toBeGreaterThanOrEqual(low - 1e-5)
      expect(value).toBeLessThanOrEqual(high + 1e-5)
    }
  })
  test.prop([bitmap, fc.integer({ min: 1, max: 4 })])('to the nearest pixel by a whole factor repeats pixels', ({ height, width, data }, factor) => {
    const large = resizeNearest(data, { height, width }, { height: height * factor, width: width * factor })
    large.forEach((value, k) => {
      const [y, x] = [Math.floor(k / (width * factor)), k % (width * factor)]
      expect(value).toBe(data[Math.floor(y / factor) * width + Math.floor(x / factor)])
    })
  })
  // Recorded from torchvision 0.14.1.
  test.each([
    [[427, 640], [800, 1333], [799, 1199]],
    [[640, 427], [800, 1333], [1199, 799]],
    [[61, 47], [48, 48], [47, 36]],
    [[20, 90], [48, 48], [10, 48]],
    [[17, 90], [30, 200], [30, 158]]
  ] as const)('%j within %j becomes %j, as torchvision rounds', ([height, width], [minSize, maxSize], [newHeight, newWidth]) => {
    expect(scaledSize({ height, width }, minSize, maxSize)).toEqual({ height: newHeight, width: newWidth })
  })
  test.prop([fc.integer({ min: 1, max: 3000 }), fc.integer({ min: 1, max: 3000 }), fc.integer({ min: 16, max: 800 }), fc.integer({ min: 800, max: 1333 })])(
    'never exceeds the largest side, and reaches one of the two limits',
    (height, width, minSize, maxSize) => {
      const to = scaledSize({ height, width }, minSize, maxSize)
      const [short, long] = [Math.min(to.height, to.width), Math.max(to.height, to.width)]
      expect(long).toBeLessThanOrEqual(maxSize)
      expect(short).toBeLessThanOrEqual(minSize)
      // Sides are rounded down, from a scale that is rounded itself.
      expect(short >= minSize - 1 || long >= maxSize - 1).toBe(true)
    }
  )
  test.prop([fc.array(size, { minLength: 1, maxLength: 4 }), fc.constantFrom(1, 32, 64)])('padding holds all images in the least multiple', (sizes, divisor) => {
    const { height, width } = paddedSize(sizes, divisor)
    const [tallest, widest] = [Math.max(...sizes.map((s) => s.height)), Math.max(...sizes.map((s) => s.width))]
    expect([height % divisor, width % divisor]).toEqual([0, 0])
    expect([height - tallest < divisor, width - widest < divisor, height >= tallest, width >= widest]).toEqual([true, true, true, true])
  })
})
