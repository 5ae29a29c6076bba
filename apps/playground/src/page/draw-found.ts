import { colourOf, cssOf } from '../colours.js'
import type { Found } from '../protocol.js'

/** Draws detections over an image that is shown `zoom` times as large: boxes, with name and score on a plate that is readable over anything. */
export const drawFound = (context: CanvasRenderingContext2D, found: readonly Found[], classes: readonly string[], zoom: number, unit: number): void => {
  context.font = `600 ${6 * unit}px system-ui, sans-serif`
  context.textBaseline = 'top'
  // The best detections are drawn last, over the others.
  ;[...found].reverse().forEach(({ label, score, box }) => {
    const [x1, y1, x2, y2] = box.map((side) => side * zoom) as [number, number, number, number]
    const colour = cssOf(colourOf(label))
    context.lineWidth = 1.1 * unit
    context.strokeStyle = colour
    context.strokeRect(x1, y1, x2 - x1, y2 - y1)
    const text = `${classes[label - 1] ?? String(label)} ${Math.round(100 * score)}%`
    const plate = context.measureText(text).width + 3 * unit
    const left = Math.max(0, Math.min(x1, context.canvas.width - plate))
    const top = y1 >= 8 * unit ? y1 - 8 * unit : Math.min(y2, context.canvas.height - 8 * unit)
    context.fillStyle = colour
    context.fillRect(left, top, plate, 8 * unit)
    context.fillStyle = '#101010'
    context.fillText(text, left + 1.5 * unit, top + unit)
  })
}
