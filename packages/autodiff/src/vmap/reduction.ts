import { bind } from '@tabula/tensor'
import { at } from '../expression.js'
import { allBatched } from './axes.js'
import type { ApplyToBatch } from './rule.js'

/** The rule of a reduction: over the same axes of every example. */
export const reduction =
  <P extends 'reduceSum' | 'reduceMax'>(primitive: P): ApplyToBatch<P> =>
  ({ attributes: { axes, keepDimensions }, inputs }) =>
    allBatched([bind<'reduceSum' | 'reduceMax'>(primitive, { axes: axes.map((axis) => axis + 1), keepDimensions }, at(inputs, 0))])

export const argmaxRule: ApplyToBatch<'argmax'> = ({ attributes: { axis }, inputs }) =>
  allBatched([bind('argmax', { axis: axis + 1 }, at(inputs, 0))])
