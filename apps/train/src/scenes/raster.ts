import { boundsOf } from './geometry.js'
import type { Polygon } from './geometry.js'

/**
 * The pixels of a width × height canvas whose centres lie inside a polygon (even-odd rule), as indices y·width + x in
 * ascending order. Used to lay objects out; the masks in the files follow the COCO rule instead (mask.ts).
 */
export const pixelsInside = (polygon: Polygon, width: number, height: number): readonly number[] => {
  const [, top, , bottom] = boundsOf(polygon.flat())
  const pixels: number[] = []
  for (let y = Math.max(0, Math.ceil(top - 0.5)); y <= Math.min(height - 1, Math.floor(bottom - 0.5)); y += 1) {
    const crossings = crossingsAt(polygon, y + 0.5)
    for (let pair = 0; pair + 1 < crossings.length; pair += 2) {
      const first = Math.max(0, Math.ceil((crossings[pair] ?? 0) - 0.5))
      const last = Math.min(width, Math.ceil((crossings[pair + 1] ?? 0) - 0.5))
      for (let x = first; x < last; x += 1) pixels.push(y * width + x)
    }
  }
  return pixels
}

const crossingsAt = (polygon: Polygon, y: number): readonly number[] => {
  const crossings: number[] = []
  for (const ring of polygon) {
    let [fromX, fromY] = ring[ring.length - 1] ?? [0, 0]
    for (const [toX, toY] of ring) {
      if (fromY <= y !== toY <= y) crossings.push(fromX + ((y - fromY) * (toX - fromX)) / (toY - fromY))
      fromX = toX
      fromY = toY
    }
  }
  return crossings.sort((a, b) => a - b)
}
