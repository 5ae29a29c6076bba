import { bitsOf, foldIn, key, permutation } from '@tabula/tensor'
import type { Size } from './resize.js'

/** Where a pass over a data set stands: the epoch, and how many of its places are done. An immutable value to keep and resume from. */
export interface Position {
  readonly epoch: number
  readonly index: number
}

/** The first place of the first epoch. */
export const start: Position = { epoch: 0, index: 0 }

/** What decides the order of images: the same values always give the same order. */
export interface OrderOptions {
  readonly sizes: readonly Size[]
  readonly batchSize: number
  readonly seed: number
  readonly shuffle: boolean
  readonly groupBySize: boolean
}

/** Upright images and all others in runs of whole batches, which come as their first images do; the last of a kind repeats images. */
const grouped = (order: readonly number[], sizes: readonly Size[], batchSize: number): readonly number[] => {
  const upright = (index: number): boolean => (sizes[index]?.height ?? 0) > (sizes[index]?.width ?? 0)
  const batches = [order.filter(upright), order.filter((index) => !upright(index))].flatMap((group) =>
    Array.from({ length: Math.ceil(group.length / batchSize) }, (_, batch) =>
      Array.from({ length: batchSize }, (_, k) => group[(batch * batchSize + k) % group.length] ?? 0)
    )
  )
  const rank = new Map(order.map((index, place) => [index, place]))
  return batches.sort((a, b) => (rank.get(a[0] ?? 0) ?? 0) - (rank.get(b[0] ?? 0) ?? 0)).flat()
}

/** The images of an epoch by their indices in the data set, in the order in which they are visited. */
export const epochOrder = ({ sizes, batchSize, seed, shuffle, groupBySize }: OrderOptions, epoch: number): readonly number[] => {
  const plain = sizes.map((_, index) => index)
  const order = shuffle ? [...permutation(foldIn(foldIn(key(seed), 'order'), epoch), sizes.length).data] : plain
  return groupBySize ? grouped(order, sizes, batchSize) : order
}

/** Whether the image at a position is mirrored: decided by seed and position alone. */
export const isFlipped = (probability: number, seed: number, { epoch, index }: Position): boolean => {
  const [bits = 0] = bitsOf(foldIn(foldIn(foldIn(key(seed), 'flip'), epoch), index), 1)
  return bits / 2 ** 32 < probability
}
