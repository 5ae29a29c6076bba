import type { HostValue } from '@tabula/tensor'
import type { Found } from '../protocol.js'

/** Boxes, scores and labels of a batch, as a detector's inference answers them. */
export interface DetectedValues {
  readonly boxes: HostValue
  readonly scores: HostValue
  readonly labels: HostValue
  readonly valid: HostValue
}

/** A detection with its place among those of the batch. */
export interface PlacedFound extends Found {
  readonly row: number
}

/** What was found in image `image` of a batch; coordinates are divided by the scales with which the image was resized. */
export const foundIn = ({ boxes, scores, labels, valid }: DetectedValues, image: number, scaleX = 1, scaleY = 1): readonly PlacedFound[] => {
  const count = scores.shape[1] ?? 0
  return Array.from({ length: count }, (_, k) => image * count + k)
    .filter((row) => valid.data[row] === 1)
    .map((row) => {
      const side = (k: number): number => (boxes.data[row * 4 + k] ?? 0) / (k % 2 === 0 ? scaleX : scaleY)
      return { row, label: labels.data[row] ?? 0, score: scores.data[row] ?? 0, box: [side(0), side(1), side(2), side(3)] }
    })
}
