import { either as E } from 'fp-ts'
import type { ScenesError } from './errors.js'

/** What to draw. */
export type DrawScenesOptions = {
  /** The data set's folder; gets `<split>/*.jpg` and `annotations/instances_<split>.json`. */
  readonly directory: string
  /** Number of images, 1 to 1,000,000. */
  readonly images: number
  /** A safe integer of at least 0. Another seed, or another split of the same seed, gives other scenes. */
  readonly seed: number
  /** Side of the square canvas in pixels, 128 (the default) to 2048. */
  readonly size?: number
  /** Name of the split, `train` by default: letters, digits, `_` and `-`. */
  readonly split?: string
}

/** The options with their defaults, or the first one that is out of range. */
export const checkOptions = (options: DrawScenesOptions): E.Either<ScenesError, Required<DrawScenesOptions>> => {
  const { directory, images, seed, size = 128, split = 'train' } = options
  const wrong = (option: 'images' | 'seed' | 'size' | 'split', expected: string, found: unknown): E.Either<ScenesError, never> =>
    E.left({ tag: 'InvalidOption', option, expected, found: String(found) })
  const integer = (value: number, low: number, high: number): boolean =>
    Number.isSafeInteger(value) && value >= low && value <= high
  if (!integer(images, 1, 1_000_000)) return wrong('images', 'an integer from 1 to 1000000', images)
  if (!integer(seed, 0, Number.MAX_SAFE_INTEGER)) return wrong('seed', 'an integer of at least 0', seed)
  if (!integer(size, 128, 2048)) return wrong('size', 'an integer from 128 to 2048', size)
  if (!/^[A-Za-z0-9_-]{1,64}$/.test(split)) return wrong('split', 'a name of letters, digits, _ and -', JSON.stringify(split))
  return E.right({ directory, images, seed, size, split })
}
