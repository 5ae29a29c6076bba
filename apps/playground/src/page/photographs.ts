import type { Found, PhotographReport } from '../protocol.js'
import { drawFound } from './draw-found.js'
import { textElement } from './elements.js'

/** Pixels that the picture of a photograph is wide, at least. */
const leastWidth = 720

const named = ({ label, score }: Found, classes: readonly string[]): string => `${classes[label - 1] ?? String(label)} ${Math.round(100 * score)}%`

const sentence = ({ found, best, classes }: PhotographReport): string => {
  if (found.length > 0) return found.map((one) => named(one, classes)).join(', ')
  return `nothing with a score of at least 50%${best === undefined ? '' : `; the best guess is ${named(best, classes)}`}`
}

/** A photograph with masks and boxes, and in words what was found. */
export const photographFigure = (report: PhotographReport): HTMLElement => {
  const { name, image, overlay, found, classes, seconds } = report
  const canvas = document.createElement('canvas')
  // A small image is enlarged, so that names can be read.
  const zoom = Math.max(1, leastWidth / image.width)
  canvas.width = Math.round(image.width * zoom)
  canvas.height = Math.round(image.height * zoom)
  const context = canvas.getContext('2d')
  if (context !== null) {
    const masks = document.createElement('canvas')
    masks.width = image.width
    masks.height = image.height
    masks.getContext('2d')?.putImageData(overlay, 0, 0)
    context.drawImage(image, 0, 0, canvas.width, canvas.height)
    context.drawImage(masks, 0, 0, canvas.width, canvas.height)
    drawFound(context, found, classes, zoom, canvas.width / 200)
  }
  image.close()
  canvas.setAttribute('role', 'img')
  canvas.setAttribute('aria-label', `${name}: ${sentence(report)}`)
  const figure = document.createElement('figure')
  figure.append(canvas, textElement('figcaption', `${name}: ${sentence(report)} (${seconds.toFixed(1)} s)`))
  return figure
}
