import sharp from 'sharp'
import { either as E, taskEither as TE } from 'fp-ts'
import { pipe } from 'fp-ts/lib/function.js'
import { paintMask, toBitmap } from './mask-bitmap.js'
import { placeLabels } from './place-labels.js'
import type { Colour, DrawError, Drawable, RgbImage } from './picture.js'
import type { LabelFont } from './label-font.js'
import type { Rectangle } from './place-labels.js'

/** How a picture is drawn. */
export type DrawOptions = {
  /** Small images are enlarged by a whole factor until their longer side has this many pixels; 480 by default. */
  readonly longSide?: number
  /** `png` by default; `jpeg` takes about a sixth of the bytes, for pictures inside a report. */
  readonly format?: 'png' | 'jpeg'
}

const maskOpacity = 0.4

/**
 * A PNG (or JPEG) of the image with the masks, boxes, class names and scores of the detections over it, the surest on top. Where labels
 * would cover a crowded picture, the names are in a legend under it, and the labels are the scores of the surest. Where there is no free
 * place left for a label, the box stays without one. Left where a size does not fit.
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
  const { svg, legend } = overlaySvg(font, rising, { width, height, zoom })
  return sharp(pixels, { raw: { width, height, channels: 3 } })
    .extend({ bottom: legend, background: '#fff' })
    .composite([{ input: Buffer.from(svg) }])
    .removeAlpha()
    .toFormat(format, format === 'jpeg' ? { quality: 82, chromaSubsampling: '4:4:4' } : {})
    .toBuffer()
}

/** A box on the picture with the texts that its label may have. */
interface Item {
  readonly box: Rectangle
  readonly className: string
  readonly score: string
  readonly colour: Colour
}

/** Share of a picture that more labels than these may cover. Else names go into a legend under it, and only the surest scores are shown. */
const [labelShare, fewLabels] = [0.15, 8]

/** The boxes and labels of a picture, and the height of the legend under it; none where the labels hold the names. */
const overlaySvg = (
  font: LabelFont,
  rising: readonly Drawable[],
  { width, height, zoom }: { readonly width: number; readonly height: number; readonly zoom: number }
): { readonly svg: string; readonly legend: number } => {
  const clamp = (value: number, high: number): number => Math.min(high, Math.max(0, value * zoom))
  const items = rising.map(({ box, className, score, colour }): Item => {
    const [left, top] = [clamp(box[0], width), clamp(box[1], height)]
    return { box: { left, top, width: clamp(box[2], width) - left, height: clamp(box[3], height) - top }, className, score: score?.toFixed(2) ?? '', colour }
  })
  const boxes = items.map(({ box, colour }) => {
    const frame = `x="${box.left}" y="${box.top}" width="${Math.max(1, box.width)}" height="${Math.max(1, box.height)}" fill="none"`
    return `<rect ${frame} stroke="#000" stroke-opacity=".45" stroke-width="4"/><rect ${frame} stroke="${rgb(colour)}" stroke-width="2"/>`
  })
  // The surest detection chooses its place first.
  const falling = [...items].reverse()
  const most = labelShare * width * height
  const named = labelsOf(font, falling, ({ className, score }) => (score === '' ? className : `${className} ${score}`), 13)
  const crowded = named.length > fewLabels && named.reduce((sum, { area }) => sum + area, 0) > most
  const labels = crowded ? labelsOf(font, falling, ({ score }) => score, 10) : named
  let covered = 0
  const shown = labels.filter(({ text, area }) => text !== '' && (!crowded || (covered += area) <= most))
  const places = placeLabels(shown, { width, height })
  const texts = shown.map(({ text, colour, size }, index) => {
    const at = places[index]
    if (at === undefined) return ''
    const plate = `<rect x="${at.left}" y="${at.top}" width="${at.width}" height="${at.height}" rx="2" fill="${rgb(colour)}"/>`
    return `${plate}<path d="${font.pathOf(text, at.left + padding, at.top + size + 0.5, size)}" fill="${inkOn(colour)}"/>`
  })
  const legend = crowded ? legendOf(font, falling, { width, top: height }) : { svg: '', height: 0 }
  return { svg: `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height + legend.height}">${boxes.join('')}${texts.join('')}${legend.svg}</svg>`, legend: legend.height }
}

const padding = 3

/** Labels of boxes with these texts, before they have a place. */
const labelsOf = (font: LabelFont, items: readonly Item[], textOf: (item: Item) => string, size: number) =>
  items.map((item) => {
    const text = textOf(item)
    const [width, height] = [Math.ceil(font.widthOf(text, size)) + 2 * padding, size + 5]
    return { box: item.box, colour: item.colour, text, size, width, height, area: text === '' ? 0 : width * height }
  })

/** Rows with each class's colour, name and count, from `top` down. */
const legendOf = (font: LabelFont, items: readonly Item[], { width, top }: { readonly width: number; readonly top: number }): { readonly svg: string; readonly height: number } => {
  const [size, row, swatch, gap] = [12, 20, 12, 6]
  const classes = new Map<string, { readonly colour: Colour; readonly count: number }>()
  items.forEach(({ className, colour }) => classes.set(className, { colour, count: (classes.get(className)?.count ?? 0) + 1 }))
  let [left, rows] = [gap, 1]
  const entries = [...classes].map(([name, { colour, count }]) => {
    const text = `${name} (${count})`
    const wide = swatch + gap + Math.ceil(font.widthOf(text, size))
    if (left > gap && left + wide > width - gap) {
      left = gap
      rows++
    }
    const [x, y] = [left, top + (rows - 1) * row]
    left += wide + 3 * gap
    return `<rect x="${x}" y="${y + 4}" width="${swatch}" height="${swatch}" fill="${rgb(colour)}"/><path d="${font.pathOf(text, x + swatch + gap, y + 14.5, size)}" fill="#111"/>`
  })
  return { svg: `<rect x="0" y="${top}" width="${width}" height="${rows * row}" fill="#fff"/>${entries.join('')}`, height: rows * row }
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
