import type { DetectionBatch, ImageTargets } from '@tabula/detection'
import { foldIn, uniform } from '@tabula/tensor'
import type { Key } from '@tabula/tensor'

/** Pixels of a scene's side. */
export const sceneSide = 64

/** Kinds of things in scenes: discs, and squares. */
export const sceneClasses = 2

/** The most things that a scene has. */
export const mostObjects = 3

interface Scene {
  /** `[3, side, side]`. */
  readonly pixels: Float32Array
  readonly targets: ImageTargets
}

const side = sceneSide
const area = side * side

/** One to three bright or dark things in quarters of their own, on a noisy ground. */
const drawScene = (key: Key): Scene => {
  const pixels = Float32Array.from(uniform(foldIn(key, 'ground'), [3 * area], -0.2, 0.2).data)
  const drawn = uniform(foldIn(key, 'things'), [1 + 4 * 8]).data
  const count = 1 + Math.floor((drawn[0] ?? 0) * mostObjects)
  const [boxes, labels, masks] = [new Float32Array(4 * count), new Int32Array(count), new Uint8Array(count * area)]
  for (let object = 0; object < count; object++) {
    const [kind = 0, size = 0, shiftX = 0, shiftY = 0, ...colour] = drawn.subarray(1 + 8 * object, 9 + 8 * object)
    const radius = 7 + Math.floor(6 * size)
    const centre = (quarter: number, shift: number): number => (quarter + 0.5) * (side / 2) + Math.floor((2 * shift - 1) * (side / 4 - radius))
    const [x, y] = [centre(object % 2, shiftX), centre(Math.floor(object / 2), shiftY)]
    const label = 1 + Math.floor(kind * sceneClasses)
    for (let row = y - radius; row < y + radius; row++) {
      for (let column = x - radius; column < x + radius; column++) {
        if (label === 1 && Math.hypot(row + 0.5 - y, column + 0.5 - x) > radius) continue
        masks[object * area + row * side + column] = 1
        for (let channel = 0; channel < 3; channel++) pixels[channel * area + row * side + column] = (colour[0] ?? 0) < 0.5 ? -1 - (colour[channel] ?? 0) : 1 + (colour[channel] ?? 0)
      }
    }
    boxes.set([x - radius, y - radius, x + radius, y + radius], 4 * object)
    labels[object] = label
  }
  return { pixels, targets: { height: side, width: side, boxes, labels, masks } }
}

/** Drawn scenes as a batch; the same key gives the same ones. */
export const sceneBatch = (key: Key, count: number): DetectionBatch => {
  const scenes = Array.from({ length: count }, (_, index) => drawScene(foldIn(key, index)))
  const images = new Float32Array(count * 3 * area)
  scenes.forEach(({ pixels }, index) => images.set(pixels, index * 3 * area))
  return { images, height: side, width: side, items: scenes.map(({ targets }) => targets) }
}
