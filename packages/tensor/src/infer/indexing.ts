import type { Abstract } from '../node.js'
import type { Attributes } from '../primitive.js'
import { sameShape, showShape } from '../shape.js'
import { operand, require, requireDtype, requireRank } from './checks.js'

type Inputs = readonly Abstract[]
type Outputs = readonly Abstract[]

export const gather = ({ axis, batchDims }: Attributes['gather'], inputs: Inputs): Outputs => {
  const x = operand('gather', inputs, 0)
  const indices = operand('gather', inputs, 1)
  requireDtype('gather', 'indices', indices, 'i32')
  require(axis >= 0 && axis < x.shape.length, 'gather', 'axis', `an axis of ${showShape(x.shape)}`, String(axis))
  require(batchDims >= 0 && batchDims <= axis && batchDims <= indices.shape.length, 'gather', 'batchDims', `at most axis ${axis} and the rank of ${showShape(indices.shape)}`, String(batchDims))
  const shared = x.shape.slice(0, batchDims)
  require(sameShape(shared, indices.shape.slice(0, batchDims)), 'gather', 'indices', `${batchDims} leading sizes ${showShape(shared)}`, showShape(indices.shape))
  return [{ shape: [...x.shape.slice(0, axis), ...indices.shape.slice(batchDims), ...x.shape.slice(axis + 1)], dtype: x.dtype }]
}

export const scatterAdd = ({ axis, batchDims, size }: Attributes['scatterAdd'], inputs: Inputs): Outputs => {
  const indices = operand('scatterAdd', inputs, 0)
  const updates = operand('scatterAdd', inputs, 1)
  requireDtype('scatterAdd', 'indices', indices, 'i32')
  requireDtype('scatterAdd', 'updates', updates, 'f32', 'i32')
  const indexed = indices.shape.slice(batchDims)
  const fits =
    batchDims <= axis &&
    sameShape(updates.shape.slice(axis, axis + indexed.length), indexed) &&
    sameShape(updates.shape.slice(0, batchDims), indices.shape.slice(0, batchDims)) &&
    updates.shape.length >= axis + indexed.length
  require(fits, 'scatterAdd', 'updates', `sizes ${showShape(indexed)} at axis ${axis} and ${batchDims} leading sizes as indices ${showShape(indices.shape)}`, showShape(updates.shape))
  return [{ shape: [...updates.shape.slice(0, axis), size, ...updates.shape.slice(axis + indexed.length)], dtype: updates.dtype }]
}

export const topK = ({ k }: Attributes['topK'], inputs: Inputs): Outputs => {
  const x = operand('topK', inputs, 0)
  requireDtype('topK', 'operand', x, 'f32')
  const last = x.shape.at(-1) ?? -1
  require(Number.isInteger(k) && k >= 0 && k <= last, 'topK', 'k', `0 to ${last}, the last size of ${showShape(x.shape)}`, String(k))
  const shape = [...x.shape.slice(0, -1), k]
  return [
    { shape, dtype: 'f32' },
    { shape, dtype: 'i32' }
  ]
}

export const nms = (_attributes: Attributes['nms'], inputs: Inputs): Outputs => {
  const boxes = operand('nms', inputs, 0)
  const scores = operand('nms', inputs, 1)
  requireDtype('nms', 'boxes', boxes, 'f32')
  requireDtype('nms', 'scores', scores, 'f32')
  requireRank('nms', 'scores', scores, 2, '[B, S]')
  require(sameShape(boxes.shape, [...scores.shape, 4]), 'nms', 'boxes', showShape([...scores.shape, 4]), showShape(boxes.shape))
  return [{ shape: scores.shape, dtype: 'bool' }]
}

const rois = (operation: string, inputs: Inputs, first: number): number => {
  const boxes = operand(operation, inputs, first)
  const image = operand(operation, inputs, first + 1)
  const level = operand(operation, inputs, first + 2)
  requireDtype(operation, 'rois', boxes, 'f32')
  requireDtype(operation, 'image', image, 'i32')
  requireDtype(operation, 'level', level, 'i32')
  const count = boxes.shape[0] ?? 0
  require(sameShape(boxes.shape, [count, 4]), operation, 'rois', '[R, 4]', showShape(boxes.shape))
  require(sameShape(image.shape, [count]), operation, 'image', showShape([count]), showShape(image.shape))
  require(sameShape(level.shape, [count]), operation, 'level', showShape([count]), showShape(level.shape))
  return count
}

export const roiAlign = ({ outputSize, scales }: Attributes['roiAlign'], inputs: Inputs): Outputs => {
  require(inputs.length === scales.length + 3, 'roiAlign', 'features', `${scales.length} levels, as there are scales`, `${inputs.length - 3}`)
  const first = operand('roiAlign', inputs, 0)
  inputs.slice(0, scales.length).forEach((feature, level) => {
    requireDtype('roiAlign', `features of level ${level}`, feature, 'f32')
    requireRank('roiAlign', `features of level ${level}`, feature, 4, '[N, C, H, W]')
    require(sameShape(feature.shape.slice(0, 2), first.shape.slice(0, 2)), 'roiAlign', `features of level ${level}`, `images and channels ${showShape(first.shape.slice(0, 2))}`, showShape(feature.shape))
  })
  return [{ shape: [rois('roiAlign', inputs, scales.length), first.shape[1] ?? 0, ...outputSize], dtype: 'f32' }]
}

export const roiAlignGradient = ({ outputSize, featureShapes }: Attributes['roiAlignGradient'], inputs: Inputs): Outputs => {
  const dy = operand('roiAlignGradient', inputs, 0)
  requireDtype('roiAlignGradient', 'cotangent', dy, 'f32')
  const expected = [rois('roiAlignGradient', inputs, 1), featureShapes[0]?.[1] ?? 0, ...outputSize]
  require(sameShape(dy.shape, expected), 'roiAlignGradient', 'cotangent', showShape(expected), showShape(dy.shape))
  return featureShapes.map((shape) => ({ shape, dtype: 'f32' as const }))
}
