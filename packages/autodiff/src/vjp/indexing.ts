import { bind, bindAll } from '@tabula/tensor'
import { at, fixed, zerosLike } from '../expression.js'
import type { PullBack } from './rule.js'

/** Back to where the elements came from, equal indices adding up. */
export const gatherRule: PullBack<'gather'> = ({ attributes: { axis, batchDims }, inputs, cotangents: [c] }) => {
  if (c === undefined) return []
  const size = at(at(inputs, 0).shape, axis)
  return [bind('scatterAdd', { axis, batchDims, size, uniqueIndices: false }, fixed(at(inputs, 1)), c)]
}

/** Read where the updates went. */
export const scatterAddRule: PullBack<'scatterAdd'> = ({ attributes: { axis, batchDims }, inputs, cotangents: [c] }) =>
  c === undefined ? [] : [undefined, bind('gather', { axis, batchDims }, c, fixed(at(inputs, 0)))]

/** The values' cotangents at their indices, of which none occurs twice. */
export const topKRule: PullBack<'topK'> = ({ inputs, outputs, cotangents: [c] }) => {
  if (c === undefined) return []
  const { shape } = at(inputs, 0)
  const axis = shape.length - 1
  return [bind('scatterAdd', { axis, batchDims: axis, size: at(shape, axis), uniqueIndices: true }, fixed(at(outputs, 1)), c)]
}

/** Linear in the features; the boxes are data (as in Mask R-CNN and torchvision). */
export const roiAlignRule: PullBack<'roiAlign'> = ({ attributes, inputs, cotangents: [c] }) => {
  if (c === undefined) return []
  const levels = attributes.scales.length
  const featureShapes = inputs.slice(0, levels).map(({ shape }) => shape)
  return bindAll('roiAlignGradient', { ...attributes, featureShapes }, c, ...inputs.slice(levels).map(fixed))
}

/** The transpose of the transpose. */
export const roiAlignGradientRule: PullBack<'roiAlignGradient'> = ({ attributes, inputs, outputs, cotangents }) => {
  const { outputSize, samplingRatio, scales, aligned } = attributes
  const features = outputs.map((output, level) => cotangents[level] ?? zerosLike(output))
  return [bind('roiAlign', { outputSize, samplingRatio, scales, aligned }, ...features, ...inputs.slice(1).map(fixed))]
}
