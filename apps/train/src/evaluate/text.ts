import { cocoNumbers } from '../report/index.js'
import type { ApTable } from './evaluate-split.js'

const shown = (value: number | undefined): string => (value === undefined || value < 0 ? '–' : value.toFixed(3)).padStart(7)

/** The twelve numbers for boxes and masks and each category's AP, as a table for a person. */
export const apText = ({ bbox, segm, perCategory, maxDets, images }: ApTable): string => {
  const width = Math.max(12, ...perCategory.map(({ name }) => name.length))
  return [
    `${images} images, at most ${maxDets} detections an image and category`,
    `${''.padEnd(width)}    box   mask`,
    ...cocoNumbers.map(({ name, meaning }, k) => `${(name === 'AR 100' ? `AR ${maxDets}` : name).padEnd(width)}${shown(bbox[k])}${shown(segm[k])}   ${meaning}`),
    '',
    `${'AP'.padEnd(width)}    box   mask  box50 mask50`,
    ...perCategory.map((category) => `${category.name.padEnd(width)}${shown(category.bbox)}${shown(category.segm)}${shown(category.bbox50)}${shown(category.segm50)}`)
  ].join('\n')
}
