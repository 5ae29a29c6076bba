import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { either as E } from 'fp-ts'
import { formatCocoError } from '@tabula/coco'
import { readImage } from '@tabula/coco/pipeline'
import type { RgbImage } from '@tabula/coco/pipeline'
import { messageOf } from '@tabula/tensor'
import { compare, rowOf } from './compare.js'
import type { Comparison, Numbers } from './compare.js'
import { isRecord, numberOf, numbersOf, records, rowsOf, textOf } from './coco/read.js'
import type { Json } from './coco/read.js'
import { firstExisting, readJson, readRecording } from './files.js'
import { failedRow } from './row.js'
import type { Row } from './row.js'

/** Levels of 255 by which a pixel may differ: none in PNG, the rounding of the transform in JPEG, and that of chroma where it is subsampled. */
const toleranceOf = (row: Json): number => {
  if (!textOf(row, 'file').endsWith('.jpg')) return 0
  const options = isRecord(row['options']) ? row['options'] : {}
  return options['subsampling'] === 1 || options['subsampling'] === 2 ? 3 : 2
}

/**
 * The recorded pixels as red, green and blue: grey thrice, without alpha. Only samples of more than 8 bits (mode `I`) are reduced, to their
 * high byte.
 */
const asRgb = ({ shape: [height = 0, width = 0, channels = 1], data }: Numbers, mode: string): Numbers => {
  const level = (x: number): number => (mode === 'I' ? x >> 8 : x)
  const rgb = Array.from({ length: height * width * 3 }, (_, index) => {
    const [pixel, channel] = [Math.floor(index / 3), index % 3]
    return level(data[pixel * channels + (channels < 3 ? 0 : channel)] ?? 0)
  })
  return { shape: [height, width, 3], data: rgb }
}

const decode = async (path: string): Promise<RgbImage> => {
  const image = await readImage(path)()
  if (E.isLeft(image)) throw new Error(formatCocoError(image.left))
  return image.right
}

const pixels = ({ height, width, data }: RgbImage): Numbers => ({ shape: [height, width, 3], data })

/** Means of whole blocks of `side` × `side` pixels, row by row, red, green and blue. */
const blockMeans = ({ height, width, data }: RgbImage, side: number): Numbers => {
  const [rows, columns] = [Math.floor(height / side), Math.floor(width / side)]
  const sums = new Float64Array(rows * columns * 3)
  for (let y = 0; y < rows * side; y++) {
    for (let x = 0; x < columns * side; x++) {
      for (let c = 0; c < 3; c++) {
        const block = (Math.floor(y / side) * columns + Math.floor(x / side)) * 3 + c
        sums[block] = (sums[block] ?? 0) + (data[(y * width + x) * 3 + c] ?? 0)
      }
    }
  }
  return { shape: [rows, columns, 3], data: sums.map((sum) => sum / side ** 2) }
}

/** How far a real photograph's colour, first pixels and blocks are from the recorded ones. */
const comparePhotograph = (row: Json, image: RgbImage): readonly Comparison[] => {
  const grid = numbersOf(row['grid16'], 'grid16')
  const firstRow = rowsOf(row['first_row'], 'first_row')
  const { data: blocks, shape } = blockMeans(image, 16)
  const total = image.height * image.width
  const colour = [0, 1, 2].map((c) => {
    let sum = 0
    for (let index = c; index < image.data.length; index += 3) sum += image.data[index] ?? 0
    return sum / total
  })
  return [
    compare('size', { shape: [2], data: [image.height, image.width] }, { shape: [2], data: [numberOf(row, 'height'), numberOf(row, 'width')] }, () => 0),
    compare('mean colour', { shape: [3], data: colour }, { shape: [3], data: numbersOf(row['mean'], 'mean') }, () => 0.5),
    compare('first pixels', { shape: [firstRow.length, 3], data: image.data.subarray(0, firstRow.length * 3) }, { shape: [firstRow.length, 3], data: firstRow.flat() }, () => 2),
    compare('means of blocks', { shape, data: blocks }, { shape: numbersOf(row['grid16_shape'], 'grid16_shape'), data: grid }, () => 0.5)
  ]
}

const guarded = async (name: string, body: () => Promise<readonly Comparison[]>): Promise<Row> => {
  try {
    return rowOf('images', name, await body())
  } catch (thrown) {
    return failedRow('images', name, messageOf(thrown))
  }
}

/** Compares decoded images with recorded pixels. `root` is where the paths of photographs start; those that are absent are unavailable. */
export async function* imageRows(folder: string, root: string, wanted: (names: readonly string[]) => boolean): AsyncGenerator<Row> {
  const json = await readJson(join(folder, 'images.json'))
  if (!isRecord(json)) {
    yield failedRow('images', 'images.json', 'expected a record of files and coco')
    return
  }
  const path = firstExisting([join(folder, 'pixels.safetensors.gz'), join(folder, 'pixels.safetensors')])
  const recorded = path === undefined ? undefined : await readRecording(path)
  for (const row of records(json['files'], 'files')) {
    const file = textOf(row, 'file')
    if (!wanted(['images', 'files', file])) continue
    yield await guarded(file, async () => {
      const wantedPixels = recorded?.get(file)
      if (wantedPixels === undefined) throw new Error(`${file} is not recorded in pixels.safetensors`)
      return [compare('pixels', pixels(await decode(join(folder, file))), asRgb(wantedPixels, textOf(row, 'mode')), () => toleranceOf(row))]
    })
  }
  for (const row of records(json['coco'], 'coco')) {
    const file = textOf(row, 'file')
    if (!wanted(['images', 'photographs', file])) continue
    const path = resolve(root, file)
    yield existsSync(path)
      ? await guarded(file, async () => comparePhotograph(row, await decode(path)))
      : { set: 'images', name: file, status: 'unavailable', note: 'the photograph is not here' }
  }
}
