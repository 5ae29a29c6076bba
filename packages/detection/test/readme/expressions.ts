import { either as E } from 'fp-ts'
import { convertBoxes, decodeBoxes, encodeBoxes, giouLoss, levelOfBoxes, torchvision } from '../../src/index.js'
import { constant, floats, graphOf } from '@tabula/tensor'
import { evaluate } from '@tabula/tensor/reference'

const reference = constant(floats([2, 4], [0, 0, 16, 16, 8, 8, 40, 24]))
const boxes = convertBoxes({ from: 'xywh', to: 'xyxy' })(constant(floats([2, 4], [2, 2, 12, 8, 10, 6, 40, 20])))
const deltas = encodeBoxes([10, 10, 5, 5])(boxes, reference)
const back = decodeBoxes([10, 10, 5, 5])(deltas, reference)
const levels = levelOfBoxes(boxes, { ...torchvision.pooling, canonicalScale: 16, finestLevel: 2, levels: 4 })

const outcome = evaluate(graphOf([], [back, giouLoss(boxes, reference), levels]), [])
export const numbers = E.isRight(outcome) ? outcome.right.map(({ data }) => Array.from(data, Number)) : []
