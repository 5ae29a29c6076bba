import { anchorsFor, detectron2, match, overlapsOf, pasteBitmap, rpnTargets } from '../../src/index.js'
import { key } from '@tabula/tensor'

// Anchors of two maps in an image of 64 × 96 pixels.
const anchors = anchorsFor({ sizes: [[16], [32]], ratios: [0.5, 1, 2] }, [[8, 12], [4, 6]], [64, 96])
const objects = Float32Array.of(10, 12, 30, 40, 50, 8, 90, 48)

// A matcher of thresholds and labels, on the IoU of each object with each anchor.
const corners = anchors.perLevel.flatMap((level) => Array.from(level))
export const matches = match(overlapsOf(objects, corners), { thresholds: [0.3, 0.7], labels: [0, -1, 1], lowQuality: true })

// What the proposal network is trained on: 16 drawn anchors.
export const targets = rpnTargets(anchors, objects, { foreground: 0.7, background: 0.3, batch: 16, positiveFraction: 0.5 }, { _tag: 'random', key: key(7) })

// A mask of 2 × 2 cells over a box, as pixels of an image.
export const bitmap = pasteBitmap(detectron2.paste, { probabilities: [1, 1, 1, 0], side: 2 }, [2, 2, 8, 8], { height: 10, width: 10 })
