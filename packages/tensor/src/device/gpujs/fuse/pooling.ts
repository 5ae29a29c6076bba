import type { Tensor } from '../../../node.js'
import type { PoolAttributes } from '../../../primitive.js'
import type { Sizes } from '../../../shape.js'
import { mapsOf, poolGradient, poolMaxima, poolWinners } from '../lower/custom.js'
import type { AddKernel } from './regions.js'

/** Poolings of a program. */
export interface Pooling {
  /** Adds the maxima as `value`, and answers the places that they come from: flat indices of the map, −1 for windows without elements. */
  readonly maxima: (x: Tensor, value: Tensor, attributes: PoolAttributes, add: AddKernel) => Tensor
  /** Adds the gradient as `value`. */
  readonly gradient: (x: Tensor, dy: Tensor, value: Tensor, attributes: PoolAttributes, add: AddKernel) => void
}

/** Finds the winners of each pooling once: forward and gradient share them. */
export const poolings = (): Pooling => {
  const known: { readonly x: Tensor; readonly key: string; readonly winners: Tensor }[] = []
  const winnersOf = (x: Tensor, shape: Sizes, attributes: PoolAttributes, add: AddKernel): Tensor => {
    const key = JSON.stringify([attributes.kernel, attributes.stride, attributes.padding, attributes.dilation])
    const found = known.find((each) => each.key === key && each.x.node === x.node && each.x.index === x.index)
    if (found !== undefined) return found.winners
    const winners = add(poolWinners(mapsOf(x.shape, shape), attributes), [x], shape)
    known.push({ x, key, winners })
    return winners
  }
  return {
    maxima: (x, value, attributes, add) => {
      const winners = winnersOf(x, value.shape, attributes, add)
      add(poolMaxima(mapsOf(x.shape, value.shape)), [x, winners], value)
      return winners
    },
    gradient: (x, dy, value, attributes, add) => {
      add(poolGradient(mapsOf(x.shape, dy.shape), attributes), [winnersOf(x, dy.shape, attributes, add), dy], value)
    }
  }
}
