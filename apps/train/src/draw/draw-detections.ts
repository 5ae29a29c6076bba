import sharp from 'sharp'
import { either as E, taskEither as TE } from 'fp-ts'
import { pipe } from 'fp-ts/lib/function.js'
import { paintMask, toBitmap } from './mask-bitmap.js'
import { placeLabels } from './place-labels.js'
import type { Colour, DrawError, Drawable, RgbImage } from './picture.js'
import type { LabelFont } from './label-font.js'

/** How a picture is drawn. */
export type DrawOptions = {
  /** Small images are enlarged by a whole factor until their longer side has this many pixels; 480 by default. */
  readonly longSide?: number
  /** `png` by default; `jpeg` takes about a sixth of the bytes, for pictures inside a report. */
  readonly format?: 'png' | 'jpeg'
}

const maskOpacity = 0.4

/**
 * A PNG (or JPEG) of the image with the masks, boxes, class names and scores of the detections over it, the surest on top. Where a
 * crowded picture has no free place left for a label, the box stays without one. Left where a size does not fit.
 */
export const drawDetections = (
  font: LabelFont,
  image: RgbImage,
  detections: readonly Drawable[],
  options: DrawOptions = {}
): TE.TaskEither<DrawError, Buffer> =>
  pipe(
    TE.fromEither(check(image, detections)),
    TE.flatMap(() => TE.tryCatch(() => draw(font, image, detections, options), encodingFailed))
  )

/** Turns what sharp throws into an error value. */
export const encodingFailed = (cause: unknown): DrawError => ({ tag: 'EncodingFailed', found: E.toError(cause).message })

const check = (image: RgbImage, detections: readonly Drawable[]): E.Either<DrawError, void> => {
  const wrong = (where: string, expected: string, found: string): E.Either<DrawError, never> =>
    E.left({ tag: 'InvalidDrawing', where, expected, found })
  const { width, height, data } = image
  if (!(Number.isInteger(width) && Number.isInteger(height) && width > 0 && height > 0))
    return wrong('image', 'a width and a height of at least one pixel', `${width} × ${height}`)
  if (data.length !== width * height * 3) return wrong('image.data', `${width * height * 3} bytes`, `${data.length} bytes`)
  for (const [index, { box, mask }] of detections.entries()) {
    if (!box.every(Number.isFinite)) return wrong(`detections[${index}].box`, 'four finite numbers', box.join(', '))
    if (mask === undefined) continue
    const [h, w] = 'data' in mask ? [mask.height, mask.width] : mask.size
    if (w !== width || h !== height)
      return wrong(`detections[${index}].mask`, `${width} × ${height} pixels`, `${w} × ${h} pixels`)
  }
  return E.right(undefined)
}

const draw = async (
  font: LabelFont,
  image: RgbImage,
  detections: readonly Drawable[],
  { longSide = 480, format = 'png' }: DrawOptions
): Promise<Buffer> => {
  const zoom = Math.max(1, Math.ceil(longSide / Math.max(image.width, image.height)))
  const [width, height] = [image.width * zoom, image.height * zoom]
  const raw = await sharp(image.data, { raw: { width: image.width, height: image.height, channels: 3 } })
    .resize(width, height, { kernel: 'cubic' })
    .raw()
    .toBuffer()
  const pixels = new Uint8Array(raw)
  const rising = [...detections].sort((a, b) => (a.score ?? 1) - (b.score ?? 1))
  for (const { mask, colour } of rising) if (mask !== undefined) paintMask(pixels, toBitmap(mask), zoom, colour, maskOpacity)
  const overlay = overlaySvg(font, rising, { width, height, zoom })
  return sharp(pixels, { raw: { width, height, channels: 3 } })
    .composite([{ input: Buffer.from(overlay) }])
    .removeAlpha()
    .toFormat(format, format === 'jpeg' ? { quality: 82, chromaSubsampling: '4:4:4' } : {})
    .toBuffer()
}

const overlaySvg = (
  font: LabelFont,
  rising: readonly Drawable[],
  { width, height, zoom }: { readonly width: number; readonly height: number; readonly zoom: number }
): string => {
  const size = rising.length > 40 ? 10 : 13
  const [padding, lineHeight] = [3, size + 5]
  const clamp = (value: number, high: number): number => Math.min(high, Math.max(0, value * zoom))
  const items = rising.map((item) => {
    const [left, top] = [clamp(item.box[0], width), clamp(item.box[1], height)]
    const box = { left, top, width: clamp(item.box[2], width) - left, height: clamp(item.box[3], height) - top }
    const text = item.score === undefined ? item.className : `${item.className} ${item.score.toFixed(2)}`
    return {
      box,
      text,
      colour: item.colour,
      label: { box, width: Math.ceil(font.widthOf(text, size)) + 2 * padding, height: lineHeight }
    }
  })
  const boxes = items.map(({ box, colour }) => {
    const frame = `x="${box.left}" y="${box.top}" width="${Math.max(1, box.width)}" height="${Math.max(1, box.height)}" fill="none"`
    return `<rect ${frame} stroke="#000" stroke-opacity=".45" stroke-width="4"/><rect ${frame} stroke="${rgb(colour)}" stroke-width="2"/>`
  })
  // The surest detection chooses its place first.
  const falling = [...items].reverse()
  const places = placeLabels(
    falling.map(({ label }) => label),
    { width, height }
  )
  const labels = falling.map(({ text, colour }, index) => {
    const at = places[index]
    if (at === undefined) return ''
    const plate = `<rect x="${at.left}" y="${at.top}" width="${at.width}" height="${at.height}" rx="2" fill="${rgb(colour)}"/>`
    return `${plate}<path d="${font.pathOf(text, at.left + padding, at.top + size + 0.5, size)}" fill="${inkOn(colour)}"/>`
  })
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}">${boxes.join('')}${labels.join('')}</svg>`
}

const rgb = (colour: Colour): string => `rgb(${colour.join(',')})`

/** Black or white, whichever has the greater contrast with a colour (WCAG relative luminance). */
const inkOn = (colour: Colour): string => {
  const [red = 0, green = 0, blue = 0] = colour.map((value) => {
    const share = value / 255
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4
  })
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue > 0.179 ? '#000' : '#fff'
}
