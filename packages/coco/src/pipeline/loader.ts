import { either as E, taskEither as TE } from 'fp-ts'
import { pipe } from 'fp-ts/lib/function.js'
import type { Image, Instances } from '../codec/instances.js'
import { indexOf } from '../dataset/index-of.js'
import { labelMap } from '../dataset/label-map.js'
import type { CocoError } from '../error.js'
import type { Batch } from './batch.js'
import { imageCache } from './cache.js'
import { collate } from './collate.js'
import { fileError } from './file-error.js'
import { limit } from './limit.js'
import type { Normalization } from './normalization.js'
import type { Position } from './order.js'
import { epochOrder, isFlipped } from './order.js'
import type { Size } from './resize.js'
import type { Sample } from './sample.js'
import { sampleOf } from './sample.js'

/** Where images come from and how they are resized, normalized and padded; shared by training and evaluation. */
export interface ImageOptions {
  readonly instances: Instances
  /** The folder in which `file_name`s are looked up. */
  readonly imageDirectory: string
  /** Images a batch. */
  readonly batchSize: number
  /** Pixels that the shorter side becomes, unless the longer one would exceed `maxSize`. */
  readonly minSize: number
  readonly maxSize: number
  readonly normalization: Normalization
  /** Pads every batch to this size, instead of to its largest image rounded up to a multiple of 32. */
  readonly fixedSize?: Size
  /** Bytes of decoded images that are kept in memory; 256 MiB where left out. */
  readonly cacheBytes?: number
}

/** What training batches are made of, in which order, and what becomes of images that cannot be used. */
export interface LoaderOptions extends ImageOptions {
  /** Probability with which an image is mirrored left to right. */
  readonly flipProbability: number
  /** Decides order and flips. */
  readonly seed: number
  /** Whether each epoch has its own random order; else the file's. */
  readonly shuffle: boolean
  /** Puts upright images into batches of their own, so that less is padded. Fills the last batch of each kind with repeated images. */
  readonly groupBySize?: boolean
  /** Batches that are prepared ahead; 1 where left out. */
  readonly prefetch?: number
  /** What an image that cannot be used does: end the run, or give way to another image of its batch and be listed in `skipped`. */
  readonly policy: 'fail' | 'skip'
}

/** A batch and the position after it. */
export interface Step {
  readonly batch: Batch
  readonly position: Position
}

/** Training batches. Always `batchSize` images: where an epoch ends within a batch, the next one's first images fill it. */
export interface Loader {
  /** Images in the data set. */
  readonly size: number
  /** Places in an epoch: as many as images, or more where `groupBySize` repeats some. */
  readonly epochLength: number
  /** The batch at a position. The same position always gives the same batch, in this process or another. */
  readonly next: (position: Position) => TE.TaskEither<CocoError, Step>
}

const defaultCacheBytes = 256 * 1024 * 1024
/** Images that are decoded at a time. */
const decoders = 4

/** `batchSize` positions from `from` on, and the one after them. */
const positionsFrom = (from: Position, batchSize: number, epochLength: number): { readonly positions: readonly Position[]; readonly after: Position } => {
  const at = (k: number): Position => ({ epoch: from.epoch + Math.floor((from.index + k) / epochLength), index: (from.index + k) % epochLength })
  return { positions: Array.from({ length: batchSize }, (_, k) => at(k)), after: at(batchSize) }
}

/** Replaces failures by the batch's good samples in turn. `Left` with the first failure where there are none or policy is `fail`. */
const accept = (results: readonly E.Either<CocoError, Sample>[], policy: 'fail' | 'skip'): E.Either<CocoError, { readonly samples: readonly Sample[]; readonly skipped: readonly CocoError[] }> => {
  const good = results.flatMap((result) => (E.isRight(result) ? [result.right] : []))
  const skipped = results.flatMap((result) => (E.isLeft(result) ? [result.left] : []))
  const [first] = skipped
  if (first !== undefined && (policy === 'fail' || good.length === 0)) return E.left(first)
  let spare = 0
  const samples = results.flatMap((result) => {
    const sample = E.isRight(result) ? result.right : good[spare++ % good.length]
    return sample === undefined ? [] : [sample]
  })
  return E.right({ samples, skipped })
}

/** A training loader: batches by position, prepared ahead, with decoded images kept in memory. Nothing is read before `next` runs. */
export const loader = (options: LoaderOptions): Loader => {
  const { instances, batchSize, seed, flipProbability, normalization, fixedSize, policy, shuffle, groupBySize = false, prefetch = 1 } = options
  const { images } = instances
  const index = indexOf(instances)
  const read = sampleOf({ ...options, labels: labelMap(instances) }, imageCache(options.cacheBytes ?? defaultCacheBytes))
  const decode = limit(decoders)
  const ordering = { sizes: images, batchSize, seed, shuffle, groupBySize }
  const epochLength = epochOrder(ordering, 0).length

  const orders = new Map<number, readonly number[]>()
  const orderOf = (epoch: number): readonly number[] => {
    const known = orders.get(epoch)
    if (known !== undefined) return known
    const order = epochOrder(ordering, epoch)
    // Two epochs meet in a batch; older ones are not needed.
    if (orders.size > 3) orders.clear()
    orders.set(epoch, order)
    return order
  }

  const sample = (position: Position): Promise<E.Either<CocoError, Sample>> => {
    const image: Image | undefined = images[orderOf(position.epoch)[position.index] ?? 0]
    if (image === undefined) return Promise.resolve(E.left(fileError(options.imageDirectory, 'a data set with images', 'none', 'Give an annotation file that lists images.')))
    return decode(read(image, index.annotationsOf(image.id), isFlipped(flipProbability, seed, position)))
  }

  const prepare = async (from: Position): Promise<E.Either<CocoError, Step>> => {
    const { positions, after } = positionsFrom(from, batchSize, Math.max(1, epochLength))
    return pipe(
      accept(await Promise.all(positions.map(sample)), policy),
      E.flatMap(({ samples, skipped }) =>
        pipe(
          collate(samples, normalization, fixedSize),
          E.map((batch) => ({ batch: { ...batch, skipped }, position: after }))
        )
      )
    )
  }

  const ahead = new Map<string, Promise<E.Either<CocoError, Step>>>()
  const name = ({ epoch, index: place }: Position): string => `${epoch}:${place}`
  /** Starts the batches after a position and forgets those that were prepared for another. */
  const look = (position: Position): void => {
    const wanted = new Map<string, Position>()
    for (let k = 0, from = position; k < prefetch; k++) {
      wanted.set(name(from), from)
      from = positionsFrom(from, batchSize, Math.max(1, epochLength)).after
    }
    for (const known of ahead.keys()) if (!wanted.has(known)) ahead.delete(known)
    wanted.forEach((from, known) => {
      if (!ahead.has(known)) ahead.set(known, prepare(from))
    })
  }

  return {
    size: images.length,
    epochLength,
    next: (position) => async () => {
      const prepared = ahead.get(name(position)) ?? prepare(position)
      ahead.delete(name(position))
      const step = await prepared
      if (E.isRight(step)) look(step.right.position)
      return step
    }
  }
}
