import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { either as E } from 'fp-ts'
import {
  area, boundingBox, boxIou, decodeBitmap, encodeBitmap, fromCompressedString, fromCounts, intersection, maskIou, maskOf, rasterizeBox, rasterizePolygon,
  toCompressedString, union
} from '@tabula/coco'
import type { Instances, Rle } from '@tabula/coco'
import { messageOf } from '@tabula/tensor'
import { rowOf, compare } from '../compare.js'
import type { Comparison } from '../compare.js'
import { readJson } from '../files.js'
import { failedRow } from '../row.js'
import type { Row } from '../row.js'
import { instancesOf, isRecord, numberOf, numbersOf, records, rowsOf, textOf } from './read.js'
import type { Json } from './read.js'

const right = <A>(outcome: E.Either<{ readonly expected: string; readonly found: string }, A>): A => {
  if (E.isLeft(outcome)) throw new Error(`expected ${outcome.left.expected}, found ${outcome.left.found}`)
  return outcome.right
}

const same = (what: string, found: unknown, wanted: unknown): Comparison => {
  const [a, b] = [JSON.stringify(found), JSON.stringify(wanted)]
  return a === b ? { what, error: 0, tolerance: 0 } : { what, error: 1, tolerance: 0, note: `${what}: expected ${b.slice(0, 60)}, found ${a.slice(0, 60)}` }
}

/** What the recorded rows say about one mask; a row may leave some of it out. */
const sameMaskAs = (mask: Rle, row: Json): readonly Comparison[] => [
  ...(typeof row['counts'] === 'string' ? [same('counts', toCompressedString(mask), row['counts'])] : []),
  ...(row['rawCounts'] === undefined ? [] : [same('run lengths', Array.from(mask.counts), row['rawCounts'])]),
  ...(row['area'] === undefined ? [] : [same('area', area(mask), row['area'])]),
  ...(row['bbox'] === undefined ? [] : [same('box', boundingBox(mask), row['bbox'])]),
  ...(row['mask'] === undefined ? [] : [same('pixels', Array.from(decodeBitmap(mask)).join(''), bitsOf(row).join(''))])
]

/** The pixels of a recorded mask, row by row. */
const bitsOf = (row: Json): readonly number[] => {
  const lines = row['mask']
  if (!Array.isArray(lines)) throw new Error('mask: expected rows of 0 and 1')
  return lines.flatMap((line) => [...String(line)].map(Number))
}

const sizeOf = (row: Json): readonly [number, number] => [numberOf(row, 'h'), numberOf(row, 'w')]

const masksOf = (row: Json, key: string): readonly Rle[] => {
  const strings = row[key]
  if (!Array.isArray(strings)) throw new Error(`${key}: expected compressed strings`)
  return strings.map((text) => right(fromCompressedString(String(text), ...sizeOf(row))))
}

const matrix = (found: Float64Array, wanted: unknown, what: string): Comparison => {
  const rows = rowsOf(wanted, what)
  return compare(what, { shape: [found.length], data: found }, { shape: [rows.flat().length], data: rows.flat() }, () => 1e-12)
}

/** How each recorded function is checked, by its key in the file. */
const checks: { readonly [key: string]: (row: Json) => readonly Comparison[] } = {
  polygons: (row) => sameMaskAs(rasterizePolygon(numbersOf(row['xy'], 'xy'), ...sizeOf(row)), row),
  boxes: (row) => {
    const [x = 0, y = 0, w = 0, h = 0] = numbersOf(row['xywh'], 'xywh')
    return sameMaskAs(rasterizeBox([x, y, w, h], ...sizeOf(row)), row)
  },
  encode: (row) => sameMaskAs(encodeBitmap(bitsOf(row), ...sizeOf(row)), row),
  strings: (row) => [
    ...sameMaskAs(right(fromCounts(numbersOf(row['rawCounts'], 'rawCounts'), ...sizeOf(row))), row),
    ...sameMaskAs(right(fromCompressedString(textOf(row, 'counts'), ...sizeOf(row))), row)
  ],
  merge: (row) => {
    const masks = masksOf(row, 'rles')
    const [both, all] = [intersection(...masks), union(...masks)]
    return [
      same('union', toCompressedString(all), row['union']),
      same('area of union', area(all), row['unionArea']),
      same('intersection', toCompressedString(both), row['intersect']),
      same('area of intersection', area(both), row['intersectArea'])
    ]
  },
  bboxIou: (row) => [
    matrix(boxIou(rowsOf(row['dt'], 'dt').flat(), rowsOf(row['gt'], 'gt').flat(), numbersOf(row['iscrowd'], 'iscrowd')), row['iou'], 'IoU')
  ],
  maskIou: (row) => [matrix(maskIou(masksOf(row, 'dt'), masksOf(row, 'gt'), numbersOf(row['iscrowd'], 'iscrowd')), row['iou'], 'IoU')]
}

/** The recorded result for masks of different sizes: a mask of size 0 × 0. */
const differentSizes = (row: Json): readonly Comparison[] => {
  const blank = (size: unknown): Rle => {
    const [h = 0, w = 0] = numbersOf(size, 'size')
    return { height: h, width: w, counts: Uint32Array.of(h * w) }
  }
  const merged = union(blank(row['a']), blank(row['b']))
  return [same('result', { size: [merged.height, merged.width], counts: toCompressedString(merged) }, row['result'])]
}

const masksById = ({ images, annotations }: Instances): ReadonlyMap<number, { readonly mask: Rle; readonly box: readonly number[] }> => {
  const sizes = new Map(images.map((image) => [image.id, image]))
  return new Map(
    annotations.flatMap((annotation) => {
      const size = sizes.get(annotation.image_id)
      if (size === undefined || annotation.segmentation === undefined) return []
      return [[annotation.id, { mask: right(maskOf(annotation.segmentation, size.height, size.width)), box: annotation.bbox }] as const]
    })
  )
}

/** Checks that rest on the annotations of real photographs. */
const realChecks = (masks: ReturnType<typeof masksById>): { readonly [key: string]: (row: Json) => readonly Comparison[] } => {
  const annotation = (id: number) => {
    const found = masks.get(id)
    if (found === undefined) throw new Error(`annotation ${id} is not in the file`)
    return found
  }
  return {
    annToRLE: (row) => {
      const { mask } = annotation(numberOf(row, 'id'))
      const rle = isRecord(row['rle']) ? row['rle'] : {}
      return [same('size', [mask.height, mask.width], rle['size']), ...sameMaskAs(mask, { ...row, counts: rle['counts'] })]
    },
    realIou: (row) => {
      const chosen = numbersOf(row['ids'], 'ids').map(annotation)
      const crowd = numbersOf(row['iscrowd'], 'iscrowd')
      const [ofMasks, boxes] = [chosen.map(({ mask }) => mask), chosen.flatMap(({ box }) => box)]
      return [matrix(maskIou(ofMasks, ofMasks, crowd), row['maskIou'], 'IoU of masks'), matrix(boxIou(boxes, boxes, crowd), row['bboxIou'], 'IoU of boxes')]
    }
  }
}

const checkAll = (name: string, rows: readonly Json[], check: (row: Json) => readonly Comparison[]): Row => {
  try {
    return rowOf('coco', `${name} (${rows.length})`, rows.flatMap(check))
  } catch (thrown) {
    return failedRow('coco', name, messageOf(thrown))
  }
}

/** The annotation file that the recorded evaluations of masks name; undefined where they are not recorded here. */
const annotationFile = async (folder: string): Promise<string | undefined> => {
  const path = join(folder, 'cases.json')
  if (!existsSync(path)) return undefined
  const row = records(await readJson(path), 'coco/cases.json').find(({ iouType }) => iouType === 'segm')
  return row === undefined ? undefined : textOf(row, 'gt')
}

/** One row for each recorded mask function (`mask_api.json`), with the number of its cases. */
export async function* maskRows(folder: string, root: string, wanted: (names: readonly string[]) => boolean): AsyncGenerator<Row> {
  const json = await readJson(join(folder, 'mask_api.json'))
  if (!isRecord(json)) {
    yield failedRow('coco', 'mask_api', 'coco/mask_api.json: expected a record')
    return
  }
  const file = await annotationFile(folder)
  for (const [key, value] of Object.entries(json)) {
    if (!wanted(['coco', 'masks', key])) continue
    const check = checks[key]
    if (check !== undefined) yield checkAll(key, records(value, key), check)
    else if (key === 'mergeOfDifferentSizes') yield checkAll(key, isRecord(value) ? [value] : [], differentSizes)
    else if (key !== 'annToRLE' && key !== 'realIou') yield failedRow('coco', key, 'no mask function is known by this name')
    else if (file === undefined || !existsSync(resolve(root, file))) yield { set: 'coco', name: key, status: 'unavailable', note: `${file ?? 'the annotation file'} is not here` }
    else {
      const real = realChecks(masksById(instancesOf(await readJson(resolve(root, file)))))[key]
      if (real !== undefined) yield checkAll(key, records(value, key), real)
    }
  }
}
