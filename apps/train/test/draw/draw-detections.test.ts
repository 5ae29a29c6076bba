import { either as E } from 'fp-ts'
import sharp from 'sharp'
import { beforeAll, describe, expect, test } from 'vitest'
import { classColour, describeDrawError, drawComparison, drawDetections, loadLabelFont } from '../../src/draw/index.js'
import { placeLabels } from '../../src/draw/place-labels.js'
import { toBitmap } from '../../src/draw/mask-bitmap.js'
import type { Colour, DrawError, Drawable, LabelFont, RgbImage } from '../../src/draw/index.js'

const right = <A>(result: E.Either<DrawError, A>): A => {
  if (E.isLeft(result)) throw new Error(describeDrawError(result.left))
  return result.right
}
const green: Colour = [0, 200, 0]
const grey = (width: number, height: number): RgbImage => ({ width, height, data: new Uint8Array(width * height * 3).fill(90) })
const square = (left: number, top: number, side: number, change: Partial<Drawable> = {}): Drawable => ({
  box: [left, top, left + side, top + side],
  className: 'cell',
  score: 0.5,
  colour: green,
  ...change
})

let font: LabelFont
beforeAll(async () => {
  font = right(await loadLabelFont())
})

const pixelsOf = async (
  png: Buffer
): Promise<{ readonly width: number; readonly at: (x: number, y: number) => readonly number[] }> => {
  const { data, info } = await sharp(png).raw().toBuffer({ resolveWithObject: true })
  expect(info.channels).toBe(3)
  return { width: info.width, at: (x, y) => [...data.subarray(3 * (y * info.width + x), 3 * (y * info.width + x) + 3)] }
}

describe('text', () => {
  test('becomes outlines of the stated width', () => {
    expect(font.widthOf('circle 0.97', 13)).toBeGreaterThan(60)
    expect(font.widthOf('circle 0.97', 26)).toBeCloseTo(2 * font.widthOf('circle 0.97', 13), 6)
    expect(font.pathOf('a', 0, 0, 13)).toMatch(/^M[-\d. MLQCZ]+$/)
    expect(font.pathOf('<&>', 0, 0, 13)).toMatch(/^M[-\d. MLQCZ]+$/)
  })
})

describe('a drawn detection', () => {
  test('shows its frame, its translucent mask and a label plate, and leaves the rest alone', async () => {
    const data = new Uint8Array(64 * 64)
    for (let y = 24; y < 40; y += 1) data.fill(1, y * 64 + 24, y * 64 + 40)
    const mask = { width: 64, height: 64, data }
    const png = right(await drawDetections(font, grey(64, 64), [square(20, 20, 24, { mask })], { longSide: 512 })())
    const { width, at } = await pixelsOf(png)
    expect(width).toBe(512)
    expect(at(160, 300)).toEqual([0, 200, 0])
    expect(at(256, 256)).toEqual([54, 134, 54])
    expect(at(192, 256)).toEqual([0, 200, 0])
    expect(at(162, 145)).toEqual([0, 200, 0])
    expect(at(480, 480)).toEqual([90, 90, 90])
  })

  test('takes run lengths down the columns as well as bitmaps', () => {
    expect([...toBitmap({ size: [2, 3], counts: [1, 2, 3] }).data]).toEqual([0, 1, 0, 1, 0, 0])
  })

  test('does not enlarge an image that is large already, and comes as JPEG on request', async () => {
    const jpeg = right(await drawDetections(font, grey(600, 400), [square(10, 30, 50)], { format: 'jpeg' })())
    expect(await sharp(jpeg).metadata()).toMatchObject({ format: 'jpeg', width: 600, height: 400 })
  })

  test('survives boxes over the border and hundreds of them', async () => {
    const many = Array.from({ length: 300 }, (_, index) =>
      square((index * 37) % 128, (index * 53) % 128, 9, { score: index / 300 })
    )
    const png = right(await drawDetections(font, grey(128, 128), [square(-20, -20, 300), ...many])())
    expect((await sharp(png).metadata()).format).toBe('png')
  })

  test('is an error value where a size does not fit', async () => {
    const short = { width: 8, height: 8, data: new Uint8Array(10) }
    expect(await drawDetections(font, short, [])()).toMatchObject({ left: { where: 'image.data', expected: '192 bytes' } })
    const off = square(0, 0, 4, { mask: { size: [8, 9], counts: [72] } })
    expect(await drawDetections(font, grey(8, 8), [off])()).toMatchObject({ left: { where: 'detections[0].mask' } })
    expect(await drawDetections(font, grey(8, 8), [square(Number.NaN, 0, 4)])()).toMatchObject({
      left: { where: 'detections[0].box' }
    })
    expect(await drawDetections(font, grey(0, 8), [])()).toMatchObject({ left: { where: 'image' } })
  })
})

test('the comparison holds both pictures under their titles', async () => {
  const png = right(await drawComparison(font, grey(100, 50), [square(5, 5, 20)], [square(6, 6, 20)], { longSide: 100 })())
  expect(await sharp(png).metadata()).toMatchObject({ width: 208, height: 76 })
})

describe('a crowded picture', () => {
  test('has the names in a legend under it, and no more labels than leave it visible', async () => {
    const crowd = Array.from({ length: 60 }, (_, k) => square((k % 10) * 48 + 4, Math.floor(k / 10) * 60 + 20, 30, { className: 'a nucleus', score: 1 - k / 100 }))
    const { width, at } = await pixelsOf(right(await drawDetections(font, grey(480, 400), crowd)()))
    expect(width).toBe(480)
    const isPlate = ([red = 0, g = 0, blue = 0]: readonly number[]): boolean => Math.abs(red - green[0]) + Math.abs(g - green[1]) + Math.abs(blue - green[2]) < 30
    const pixels = Array.from({ length: 480 * 400 }, (_, k) => at(k % 480, Math.floor(k / 480)))
    expect(pixels.filter(isPlate).length).toBeLessThan(0.25 * pixels.length)
    // The legend: a swatch of the class's colour on white.
    expect(at(12, 410)).toEqual([...green])
    expect(at(470, 410)).toEqual([255, 255, 255])
    const few = right(await drawDetections(font, grey(480, 400), crowd.slice(0, 5))())
    expect(await sharp(few).metadata()).toMatchObject({ width: 480, height: 400 })
  })
})

describe('labels', () => {
  const box = { left: 50, top: 50, width: 30, height: 30 }
  test('lie over their box, on the picture, and never over each other', () => {
    const requests = Array.from({ length: 6 }, () => ({ width: 40, height: 12, box }))
    const places = placeLabels(requests, { width: 130, height: 130 })
    expect(places[0]).toEqual({ left: 50, top: 38, width: 40, height: 12 })
    const found = places.flatMap((place) => (place === undefined ? [] : [place]))
    expect(found.length).toBe(6)
    for (const [index, a] of found.entries()) {
      expect(a.left >= 0 && a.top >= 0 && a.left + a.width <= 130 && a.top + a.height <= 130).toBe(true)
      for (const b of found.slice(index + 1))
        expect(
          a.left + a.width <= b.left || b.left + b.width <= a.left || a.top + a.height <= b.top || b.top + b.height <= a.top
        ).toBe(true)
    }
  })
  test('are left out where the picture is full', () => {
    const requests = Array.from({ length: 40 }, () => ({ width: 40, height: 12, box }))
    expect(placeLabels(requests, { width: 130, height: 130 }).some((place) => place === undefined)).toBe(true)
  })
})

test('class colours differ between the first thirty classes', () => {
  const colours = Array.from({ length: 30 }, (_, index) => classColour(index))
  expect(new Set(colours.map(String)).size).toBe(30)
  for (const colour of colours)
    for (const value of colour) expect(value >= 0 && value <= 255 && Number.isInteger(value)).toBe(true)
})
