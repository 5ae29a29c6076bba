import { bind, bindAll } from '@tabula/tensor'
import { at, fixed, zerosLike } from '../expression.js'
import type { PushForward } from './rule.js'

/** Read where the values were; the indices have no derivative. */
export const topKRule: PushForward<'topK'> = ({ inputs, outputs, tangents: [t] }) => {
  if (t === undefined) return []
  const axis = at(inputs, 0).shape.length - 1
  return [bind('gather', { axis, batchDims: axis }, t, fixed(at(outputs, 1)))]
}

/** Linear in the features, of which some levels may not move; the boxes are data (as in Mask R-CNN and torchvision). */
export const roiAlignRule: PushForward<'roiAlign'> = ({ attributes, inputs, tangents }) => {
  const levels = attributes.scales.length
  const moving = tangents.slice(0, levels)
  if (moving.every((t) => t === undefined)) return []
  const features = inputs.slice(0, levels).map((input, level) => moving[level] ?? zerosLike(input))
  return [bind('roiAlign', attributes, ...features, ...inputs.slice(levels).map(fixed))]
}

/** Linear in the cotangent, whatever the boxes. */
export const roiAlignGradientRule: PushForward<'roiAlignGradient'> = ({ attributes, inputs, tangents: [t] }) =>
  t === undefined ? [] : bindAll('roiAlignGradient', attributes, t, ...inputs.slice(1).map(fixed))
