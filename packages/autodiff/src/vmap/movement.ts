import { bind } from '@tabula/tensor'
import type { Tensor } from '@tabula/tensor'
import { at, reshape } from '../expression.js'
import { allBatched, withBatch } from './axes.js'
import type { ApplyToBatch } from './rule.js'

const one = (x: Tensor) => allBatched([x])

const next = (axis: number): number => axis + 1

export const reshapeRule: ApplyToBatch<'reshape'> = ({ attributes: { shape }, inputs, size }) =>
  one(bind('reshape', { shape: [size, ...shape] }, at(inputs, 0)))

export const transposeRule: ApplyToBatch<'transpose'> = ({ attributes: { permutation }, inputs }) =>
  one(bind('transpose', { permutation: [0, ...permutation.map(next)] }, at(inputs, 0)))

/** New axes go behind the batch. */
export const broadcastToRule: ApplyToBatch<'broadcastTo'> = ({ attributes: { shape }, inputs, size }) => {
  const [, ...own] = at(inputs, 0).shape
  const added = new Array<number>(shape.length - own.length).fill(1)
  return one(bind('broadcastTo', { shape: [size, ...shape] }, reshape(at(inputs, 0), [size, ...added, ...own])))
}

export const sliceRule: ApplyToBatch<'slice'> = ({ attributes: { start, limit, stride }, inputs, size }) =>
  one(bind('slice', { start: [0, ...start], limit: [size, ...limit], stride: [1, ...stride] }, at(inputs, 0)))

export const padRule: ApplyToBatch<'pad'> = ({ attributes: { low, high, interior, value }, inputs }) =>
  one(bind('pad', { low: [0, ...low], high: [0, ...high], interior: [0, ...interior], value }, at(inputs, 0)))

/** Parts that all examples share are repeated. */
export const concatenateRule: ApplyToBatch<'concatenate'> = ({ attributes: { axis }, ...operands }) =>
  one(bind('concatenate', { axis: next(axis) }, ...withBatch(operands)))

export const reverseRule: ApplyToBatch<'reverse'> = ({ attributes: { axes }, inputs }) =>
  one(bind('reverse', { axes: axes.map(next) }, at(inputs, 0)))
