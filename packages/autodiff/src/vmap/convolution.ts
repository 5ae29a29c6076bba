import { bind } from '@tabula/tensor'
import { at } from '../expression.js'
import { allBatched, intoAxis, intoGroups, outOfAxis, outOfGroups } from './axes.js'
import type { ApplyToBatch } from './rule.js'

/*
 * One convolution for the whole batch. Where one operand is batched, its examples become further images or further channels of the
 * axis that the result shares with it; where both are, they become further groups of channels, each with weights of its own.
 */

/** (x: [N, C, H, W], w: [O, C/groups, KH, KW]) → [N, O, OH, OW] */
export const conv2dRule: ApplyToBatch<'conv2d'> = ({ attributes, inputs, batched: [manyX, manyW], size }) => {
  const [x, w] = [at(inputs, 0), at(inputs, 1)]
  const { groups } = attributes
  if (manyX !== true) {
    return allBatched([outOfGroups(bind('conv2d', attributes, x, intoGroups(w, 0, groups)), 1, groups, size)])
  }
  if (manyW !== true) return allBatched([outOfAxis(bind('conv2d', attributes, intoAxis(x, 0), w), 0, size)])
  return allBatched([
    outOfAxis(bind('conv2d', { ...attributes, groups: groups * size }, intoAxis(x, 1), intoAxis(w, 0)), 1, size)
  ])
}

/** (dy: [N, O, OH, OW], w: [O, C/groups, KH, KW]) → [N, C, H, W] */
export const conv2dInputGradientRule: ApplyToBatch<'conv2dInputGradient'> = ({
  attributes,
  inputs,
  batched: [manyDy, manyW],
  size
}) => {
  const [dy, w] = [at(inputs, 0), at(inputs, 1)]
  const { groups } = attributes
  if (manyDy !== true) {
    return allBatched([outOfGroups(bind('conv2dInputGradient', attributes, dy, intoAxis(w, 1)), 1, groups, size)])
  }
  if (manyW !== true) return allBatched([outOfAxis(bind('conv2dInputGradient', attributes, intoAxis(dy, 0), w), 0, size)])
  return allBatched([
    outOfAxis(bind('conv2dInputGradient', { ...attributes, groups: groups * size }, intoAxis(dy, 1), intoAxis(w, 0)), 1, size)
  ])
}

/** (x: [N, C, H, W], dy: [N, O, OH, OW]) → [O, C/groups, KH, KW] */
export const conv2dWeightGradientRule: ApplyToBatch<'conv2dWeightGradient'> = ({
  attributes,
  inputs,
  batched: [manyX, manyDy],
  size
}) => {
  const [x, dy] = [at(inputs, 0), at(inputs, 1)]
  const { groups } = attributes
  if (manyX !== true) {
    return allBatched([outOfGroups(bind('conv2dWeightGradient', attributes, x, intoGroups(dy, 1, groups)), 0, groups, size)])
  }
  if (manyDy !== true) {
    return allBatched([outOfAxis(bind('conv2dWeightGradient', attributes, intoGroups(x, 1, groups), dy), 1, size)])
  }
  return allBatched([
    outOfAxis(bind('conv2dWeightGradient', { ...attributes, groups: groups * size }, intoAxis(x, 1), intoAxis(dy, 1)), 0, size)
  ])
}
