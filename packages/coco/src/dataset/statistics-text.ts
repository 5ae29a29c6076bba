import type { Distribution } from './distribution.js'
import type { SizeShares, Statistics } from './statistics.js'
import { overlapIou } from './statistics.js'

const percent = (share: number): string => `${(share * 100).toFixed(1)} %`

/** Cells in columns: the first aligned left, the others right. */
const table = (rows: readonly (readonly string[])[], indent = '  '): readonly string[] => {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => [...(row[column] ?? '')].length)))
  return rows.map((row) =>
    `${indent}${row.map((cell, column) => (column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0))).join('  ')}`.trimEnd()
  )
}

const sizes = (name: string, { small, medium, large }: SizeShares): readonly string[] => [name, percent(small), percent(medium), percent(large)]

const spread = ({ min, p10, p25, median, p75, p90, max }: Distribution): string =>
  [min, p10, p25, median, p75, p90, max].map((value) => value.toFixed(1)).join(', ')

const bar = (part: number, most: number): string => '█'.repeat(part === 0 || most === 0 ? 0 : Math.max(1, Math.round((part / most) * 30)))

/** The statistics as a page of text for a person. */
export const statisticsText = (s: Statistics): string => {
  const most = Math.max(1, ...s.histogram.map(({ images }) => images))
  const binRows = s.histogram.map(({ from, to, images }) => [from === to ? `${from}` : `${from}–${to}`, `${images}`])
  return [
    `${s.images} images (${(s.pixels / 1e6).toFixed(1)} million pixels), ${s.annotations} annotations: ${s.objects} objects and ${s.crowds} crowds, ${s.categories.length} categories`,
    '',
    'Categories',
    ...table([['id', 'name', 'objects', 'share', 'images'], ...s.categories.map(({ id, name, objects, images }) => [`${id}`, name, `${objects}`, percent(s.objects === 0 ? 0 : objects / s.objects), `${images}`])]),
    '',
    'Objects an image',
    `  mean ${s.objectsPerImage.mean.toFixed(2)}, median ${s.objectsPerImage.median}, most ${s.objectsPerImage.max}; ${s.imagesWithoutObjects} images without objects`,
    ...table(binRows).map((line, k) => `${line}  ${bar(s.histogram[k]?.images ?? 0, most)}`.trimEnd()),
    '',
    'Sizes of objects',
    ...table([['', 'below 32²', 'to 96²', 'larger'], sizes('by box (width × height)', s.boxSizes), sizes('by mask (area)', s.maskSizes)]),
    `  √(width × height) in pixels: ${spread(s.boxSides)} (least, 10 %, 25 %, median, 75 %, 90 %, most)`,
    '',
    'Overlaps and crowds',
    `  ${percent(s.shareOfOverlapping)} of the objects have a box that overlaps another object's in the same image (IoU of boxes at least ${overlapIou})`,
    `  ${percent(s.shareOfImagesWithCrowds)} of the images have crowd regions`
  ].join('\n')
}
