import { bind, bindAll } from '@tabula/tensor'
import type { Tensor } from '@tabula/tensor'
import { add, at, mul, reshape } from '../expression.js'
import { allBatched, integer, intoAxis, moveAxis, outOfAxis, withBatch } from './axes.js'
import type { ApplyToBatch } from './rule.js'

/**
 * With indices of its own each example becomes a shared axis. Examples of indices alone are further indices, and of x alone a further
 * axis behind the shared ones, so that neither x nor the indices are repeated.
 */
export const gatherRule: ApplyToBatch<'gather'> = ({ attributes: { axis, batchDims }, inputs, batched: [manyX, manyIndices] }) => {
  const [x, indices] = [at(inputs, 0), at(inputs, 1)]
  if (manyX !== true) {
    const taken = bind('gather', { axis, batchDims }, x, moveAxis(indices, 0, batchDims))
    return allBatched([moveAxis(taken, axis, 0)])
  }
  if (manyIndices !== true) {
    const taken = bind('gather', { axis: axis + 1, batchDims }, moveAxis(x, 0, batchDims), indices)
    return allBatched([moveAxis(taken, batchDims, 0)])
  }
  return allBatched([bind('gather', { axis: axis + 1, batchDims: batchDims + 1 }, x, indices)])
}

/** With indices of its own each example becomes a shared axis; examples of updates alone are a further axis behind the shared ones. */
export const scatterAddRule: ApplyToBatch<'scatterAdd'> = ({ attributes, inputs, batched, size }) => {
  const { axis, batchDims } = attributes
  if (batched[0] !== true) {
    const updates = moveAxis(at(inputs, 1), 0, batchDims)
    return allBatched([moveAxis(bind('scatterAdd', { ...attributes, axis: axis + 1 }, at(inputs, 0), updates), batchDims, 0)])
  }
  const operands = withBatch({ inputs, batched, size })
  return allBatched([bind('scatterAdd', { ...attributes, axis: axis + 1, batchDims: batchDims + 1 }, ...operands)])
}

/** Along the last axis, whatever is before it. */
export const topKRule: ApplyToBatch<'topK'> = ({ attributes, inputs }) => allBatched(bindAll('topK', attributes, at(inputs, 0)))

/**
 * Bits are a function of one key, and no primitive takes several: one application for each example, stacked. Its outputs are the bits
 * that each key gives alone.
 */
export const randomBitsRule: ApplyToBatch<'randomBits'> = ({ attributes, inputs, size }) => {
  const keys = at(inputs, 0)
  const examples = Array.from({ length: size }, (_, index) => {
    const key = bind('gather', { axis: 0, batchDims: 0 }, keys, integer(index))
    return reshape(bind('randomBits', attributes, key), [1, ...attributes.shape])
  })
  return allBatched([bind('concatenate', { axis: 0 }, ...examples)])
}

/** The images of all examples as one set, in which image n of example b is the one at n · size + b. */
const oneSet = (features: Tensor): Tensor => {
  const [size = 1, images = 0, ...map] = features.shape
  return reshape(moveAxis(features, 0, 1), [images * size, ...map])
}

/** The inverse of `oneSet`. */
const apart = (features: Tensor, size: number): Tensor => {
  const [images = 0, ...map] = features.shape
  return moveAxis(reshape(features, [images / size, size, ...map]), 1, 0)
}

/** The places, within `oneSet`, of the images that the examples' boxes ask for. An image out of range stays out of range. */
const placesOf = (image: Tensor, size: number): Tensor =>
  add(mul(image, integer(size)), bind('iota', { shape: [size, 1], dtype: 'i32', axis: 0 }))

/**
 * The boxes of all examples are one set of boxes. Where features are batched, the images of all examples are one set too, and the boxes'
 * image numbers are places in it.
 */
export const roiAlignRule: ApplyToBatch<'roiAlign'> = ({ attributes, inputs, batched, size }) => {
  const levels = attributes.scales.length
  const operands = withBatch({ inputs, batched, size })
  const [boxes, image, level] = [at(operands, levels), at(operands, levels + 1), at(operands, levels + 2)]
  const many = batched.slice(0, levels).includes(true)
  const features = many ? operands.slice(0, levels).map(oneSet) : inputs.slice(0, levels)
  const rois = [boxes, many ? placesOf(image, size) : image, level].map((roi) => intoAxis(roi, 0))
  return allBatched([outOfAxis(bind('roiAlign', attributes, ...features, ...rois), 0, size)])
}

/** As that of `roiAlign`, with features of their own for every example. */
export const roiAlignGradientRule: ApplyToBatch<'roiAlignGradient'> = ({ attributes, inputs, batched, size }) => {
  const operands = withBatch({ inputs, batched, size })
  const [dy, boxes, image, level] = [at(operands, 0), at(operands, 1), at(operands, 2), at(operands, 3)]
  const featureShapes = attributes.featureShapes.map(([images = 0, ...map]) => [images * size, ...map])
  const rois = [dy, boxes, placesOf(image, size), level].map((roi) => intoAxis(roi, 0))
  const gradients = bindAll('roiAlignGradient', { ...attributes, featureShapes }, ...rois)
  return allBatched(gradients.map((gradient) => apart(gradient, size)))
}
