import type { Report } from '../protocol.js'
import { drawFound } from './draw-found.js'
import { textElement } from './elements.js'

/** A photograph with masks and boxes, and in words what was found. */
export const photographFigure = ({ name, image, overlay, found, classes, milliseconds }: Extract<Report, { readonly _tag: 'photograph' }>): HTMLElement => {
  const canvas = document.createElement('canvas')
  canvas.width = image.width
  canvas.height = image.height
  const context = canvas.getContext('2d')
  if (context !== null) {
    const masks = document.createElement('canvas')
    masks.width = image.width
    masks.height = image.height
    masks.getContext('2d')?.putImageData(overlay, 0, 0)
    context.drawImage(image, 0, 0)
    context.drawImage(masks, 0, 0)
    drawFound(context, found, classes, 1, Math.max(1.5, image.width / 260))
  }
  const what = found.length === 0 ? 'nothing found with a score of at least 50%' : found.map(({ label, score }) => `${classes[label - 1] ?? String(label)} ${Math.round(100 * score)}%`).join(', ')
  canvas.setAttribute('role', 'img')
  canvas.setAttribute('aria-label', `${name}: ${what}`)
  const figure = document.createElement('figure')
  figure.append(canvas, textElement('figcaption', `${name}: ${what} (${(milliseconds / 1000).toFixed(1)} s)`))
  return figure
}
