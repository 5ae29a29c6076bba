import { either as E } from 'fp-ts'
import { pipe } from 'fp-ts/lib/function.js'
import * as t from 'io-ts'
import { fromStateDict } from '@tabula/nn'
import { decodeSafetensors } from '@tabula/tensor'
import type { HostValue } from '@tabula/tensor'
import { badInput } from '../failure.js'
import type { Failure } from '../failure.js'

const Count = t.refinement(t.number, (x) => Number.isSafeInteger(x) && x >= 0, 'an integer of at least 0')

const Progress = t.intersection([
  t.type({
    step: Count,
    position: t.type({ epoch: Count, index: Count }),
    seen: t.type({ images: Count, instances: Count, pixels: Count }),
    seed: Count,
    digest: t.string,
    categories: t.array(t.type({ id: t.number, name: t.string }))
  }),
  // Identifies the training images and their objects; earlier checkpoints lack it.
  t.partial({ fingerprint: t.string })
])

/** Where a run stands, besides its numbers: enough, with the seed, to go on as if it had never stopped. */
export type Progress = Readonly<t.TypeOf<typeof Progress>>

/** The field of a checkpoint's metadata that holds the progress. */
export const metadataKey = 'tabula'

/** A checkpoint as read: its values by name, and where the run stood. */
export interface LoadedCheckpoint {
  readonly path: string
  readonly tensors: ReadonlyMap<string, HostValue>
  readonly progress: Progress
}

const progressFrom = (path: string, text: string | undefined): E.Either<Failure, Progress> => {
  const parsed = E.tryCatch(
    (): unknown => JSON.parse(text ?? ''),
    () => undefined
  )
  const decoded = E.isRight(parsed) ? Progress.decode(parsed.right) : parsed
  return E.isRight(decoded) ? E.right(decoded.right) : E.left(badInput(`${path}: metadata "${metadataKey}": expected what \`tabula train\` writes, found ${text === undefined ? 'nothing' : 'something else'}. Give the folder of a training run.`))
}

const firstNotFinite = (tensors: ReadonlyMap<string, HostValue>): string | undefined => [...tensors].find(([, { data }]) => !data.every(Number.isFinite))?.[0]

/** The checkpoint in a file's bytes. `Left` where they are damaged, hold a number that is not finite, or are no checkpoint. */
export const decodeCheckpoint = (path: string, bytes: Uint8Array): E.Either<Failure, LoadedCheckpoint> =>
  pipe(
    decodeSafetensors(bytes),
    E.mapLeft(({ message }) => badInput(`${path}: ${message}. The file is damaged: restore it, put checkpoint-previous.safetensors of the same folder in its place, or train anew.`)),
    E.filterOrElse(
      ({ tensors }) => firstNotFinite(tensors) === undefined,
      ({ tensors }) => badInput(`${path}: tensor "${firstNotFinite(tensors) ?? ''}": expected finite numbers, found NaN or an infinity. Give an intact checkpoint: checkpoint-previous.safetensors of the same folder may be one.`)
    ),
    E.flatMap(({ tensors, metadata }) => pipe(progressFrom(path, metadata.get(metadataKey)), E.map((progress) => ({ path, tensors, progress }))))
  )

/** The tree with its values taken from a checkpoint. `Left` names every value that is missing, left over or of another shape. */
export const restore = <Tree>(tree: Tree, { path, tensors }: LoadedCheckpoint, part: 'everything' | 'weights'): E.Either<Failure, Tree> => {
  const dict = Object.fromEntries([...tensors].filter(([name]) => part === 'everything' || !name.startsWith('optimizer.')))
  return pipe(fromStateDict()(tree, dict), E.mapLeft(({ message }) => badInput(`${path}: ${message} It belongs to another configuration: give the run's own config.json.`)))
}
