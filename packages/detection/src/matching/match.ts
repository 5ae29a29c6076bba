import { ShapeError } from '@tabula/tensor'
import type { Pairs } from '../boxes/overlaps.js'

/** 1 positive, 0 negative, −1 ignored. */
export type MatchLabel = -1 | 0 | 1

/** From which qualities on a prediction is an object, is background, or is neither. */
export interface MatcherOptions {
  /** Ascending qualities that part the predictions into levels: [0.3, 0.7] makes three. */
  readonly thresholds: readonly number[]
  /** The label of each level, from the lowest: one more than thresholds. */
  readonly labels: readonly MatchLabel[]
  /** Whether the best predictions of each ground truth are positive however low their quality is, ties included (Faster R-CNN §3.1.2, i). */
  readonly lowQuality: boolean
}

/** For each prediction the ground truth it matches best, and the label of that match. */
export interface Matches {
  readonly matched: Int32Array
  readonly labels: Int8Array
}

/**
 * Matches predictions with ground truth by a quality such as IoU, a row for each ground truth and a column for each prediction (detectron2's
 * `Matcher`; torchvision's, whose −1 and −2 are the labels 0 and −1). A quality at a threshold belongs to the level above it. A prediction
 * that is positive for its low quality keeps the ground truth it overlaps most. As in the references, a ground truth of quality 0 with every
 * prediction makes all that have it positive. Without ground truth all have the first label. Throws `ShapeError` where labels are not one more
 * than thresholds, or thresholds do not ascend.
 */
export const match = ({ rows, columns, data }: Pairs, { thresholds, labels, lowQuality }: MatcherOptions): Matches => {
  if (labels.length !== thresholds.length + 1) {
    throw new ShapeError({ operation: 'match', operand: 'labels', expected: `${thresholds.length + 1} labels for ${thresholds.length} thresholds`, found: String(labels.length) })
  }
  if (thresholds.some((x, k) => x < (thresholds[k - 1] ?? -Infinity))) throw new ShapeError({ operation: 'match', operand: 'thresholds', expected: 'ascending numbers', found: thresholds.join(', ') })
  const limits = data instanceof Float32Array ? thresholds.map(Math.fround) : thresholds
  const matched = new Int32Array(columns)
  const result = new Int8Array(columns)
  for (let column = 0; column < columns; column++) {
    let best = rows === 0 ? -Infinity : (data[column] ?? 0)
    for (let row = 1; row < rows; row++) {
      const quality = data[row * columns + column] ?? 0
      if (quality > best) {
        best = quality
        matched[column] = row
      }
    }
    result[column] = labels[limits.filter((limit) => best >= limit).length] ?? 0
  }
  if (!lowQuality) return { matched, labels: result }
  for (let row = 0; row < rows; row++) {
    let highest = -Infinity
    for (let column = 0; column < columns; column++) highest = Math.max(highest, data[row * columns + column] ?? 0)
    for (let column = 0; column < columns; column++) if (data[row * columns + column] === highest) result[column] = 1
  }
  return { matched, labels: result }
}
