import { foldIn } from '@tabula/tensor'
import type { Key } from '@tabula/tensor'
import type { DetectionBatch, ImageObjects } from '@tabula/detection'
import { drawScene } from './scene.js'
import type { Scene } from './scene.js'

/** The grey in the middle of the scenes, which is taken from their pixels. */
const middle = 115

/**
 * `[3, side, side]`, the distance of each pixel from the middle grey, as a batch holds images. Not divided by anything, as Detectron feeds its
 * networks: pre-trained statistics know this scale, and so does a norm that measures.
 */
const planes = ({ side, rgb }: Scene): Float32Array => {
  const values = new Float32Array(3 * side * side)
  for (let k = 0; k < side * side; k++) {
    for (let c = 0; c < 3; c++) values[c * side * side + k] = (rgb[3 * k + c] ?? 0) - middle
  }
  return values
}

const objectsOf = ({ side, objects }: Scene): ImageObjects => ({
  height: side,
  width: side,
  boxes: Float32Array.from(objects.flatMap(({ box }) => box)),
  labels: Int32Array.from(objects, ({ label }) => label)
})

/** Scenes of one side as a detector's batch. */
export const batchOf = (scenes: readonly Scene[]): DetectionBatch<ImageObjects> => {
  const side = scenes[0]?.side ?? 0
  const images = new Float32Array(scenes.length * 3 * side * side)
  scenes.forEach((scene, k) => images.set(planes(scene), k * 3 * side * side))
  return { images, height: side, width: side, items: scenes.map(objectsOf) }
}

/** `count` scenes of a key. */
export const drawScenes = (key: Key, count: number, side: number): readonly Scene[] => Array.from({ length: count }, (_, k) => drawScene(foldIn(key, k), side))
