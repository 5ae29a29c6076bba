import { createHash } from 'node:crypto'
import { readFile, rename } from 'node:fs/promises'
import { join } from 'node:path'
import { either as E, taskEither as TE } from 'fp-ts'
import { pipe } from 'fp-ts/lib/function.js'
import * as t from 'io-ts'
import type { OptimizerState } from '@tabula/nn'
import { fromStateDict, toStateDict } from '@tabula/nn'
import type { Trees } from '@tabula/detection'
import { decodeSafetensors, encodeSafetensors } from '@tabula/tensor'
import type { HostValue } from '@tabula/tensor'
import type { Config } from '../config/index.js'
import { badInput, failed, messageOf } from '../failure.js'
import type { Failure } from '../failure.js'
import { atomicWrite } from './atomic-write.js'

/** All numbers that training changes. */
export interface TrainingState {
  readonly params: Trees
  readonly state: Trees
  readonly optimizer: OptimizerState<Trees, HostValue<'f32'>>
}

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

/** The newest checkpoint of a run, and the one before it. */
export const checkpointPath = (run: string): string => join(run, 'checkpoint.safetensors')
const previousPath = (run: string): string => join(run, 'checkpoint-previous.safetensors')

/** Identifies what must stay the same for a run to be resumed: all that decides its numbers up to the step where it stands. */
export const digestOf = ({ model: { detections: _detections, ...model }, data: { validation: _validation, ...data }, optimization: { batch, momentum, weightDecay, normDecay, learningRate }, seed }: Config): string =>
  createHash('sha256').update(JSON.stringify({ model, data, optimization: { batch, momentum, weightDecay, normDecay, learningRate }, seed })).digest('hex')

/** Paths of all values that hold a number that is not finite. */
export const notFinite = (state: unknown): readonly string[] =>
  Object.entries(toStateDict(state)).flatMap(([path, { data }]) => (data.every(Number.isFinite) ? [] : [path]))

const metadataKey = 'tabula'

/** Writes a run's checkpoint, whole or not at all, and keeps the one before. `Left` where the disk refuses. */
export const saveCheckpoint = (run: string, state: TrainingState, progress: Progress): TE.TaskEither<Failure, string> => {
  const path = checkpointPath(run)
  return pipe(
    encodeSafetensors(Object.entries(toStateDict(state)), [[metadataKey, JSON.stringify(progress)]]),
    E.mapLeft(({ message }) => failed(message)),
    TE.fromEither,
    TE.flatMap((bytes) =>
      TE.tryCatch(
        async () => {
          await atomicWrite(`${path}.new`, bytes)
          await rename(path, previousPath(run)).catch(() => undefined)
          await rename(`${path}.new`, path)
          return path
        },
        (cause) => failed(`${path} could not be written: ${messageOf(cause)}. Free space on the disk or choose another --out.`)
      )
    )
  )
}

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

const readBytes = (path: string): TE.TaskEither<Failure, Uint8Array> =>
  TE.tryCatch(
    async () => readFile(path),
    (cause) => badInput(`${path}: expected a checkpoint, found ${/ENOENT|ENOTDIR/.test(messageOf(cause)) ? 'no such file' : /EISDIR/.test(messageOf(cause)) ? 'a folder' : messageOf(cause)}. Give the folder of a training run, which \`tabula train\` writes.`)
  )

const firstNotFinite = (tensors: ReadonlyMap<string, HostValue>): string | undefined => [...tensors].find(([, { data }]) => !data.every(Number.isFinite))?.[0]

const readCheckpoint = (path: string): TE.TaskEither<Failure, LoadedCheckpoint> =>
  pipe(
    readBytes(path),
    TE.flatMapEither((bytes) => pipe(decodeSafetensors(bytes), E.mapLeft(({ message }) => badInput(`${path}: ${message}. The file is damaged: restore it, put checkpoint-previous.safetensors of the same folder in its place, or train anew.`)))),
    TE.filterOrElse(
      ({ tensors }) => firstNotFinite(tensors) === undefined,
      ({ tensors }) => badInput(`${path}: tensor "${firstNotFinite(tensors) ?? ''}": expected finite numbers, found NaN or an infinity. Give an intact checkpoint: checkpoint-previous.safetensors of the same folder may be one.`)
    ),
    TE.flatMapEither(({ tensors, metadata }) => pipe(progressFrom(path, metadata.get(metadataKey)), E.map((progress) => ({ path, tensors, progress }))))
  )

/** The newest checkpoint of a run; the one before where a crash between two renames left only that. */
export const loadCheckpoint = (run: string): TE.TaskEither<Failure, LoadedCheckpoint> =>
  pipe(
    readCheckpoint(checkpointPath(run)),
    TE.orElse((failure) => (failure.message.includes('no such file') ? pipe(readCheckpoint(previousPath(run)), TE.mapLeft(() => failure)) : TE.left(failure)))
  )

/** The tree with its values taken from a checkpoint. `Left` names every value that is missing, left over or of another shape. */
export const restore = <Tree>(tree: Tree, { path, tensors }: LoadedCheckpoint, part: 'everything' | 'weights'): E.Either<Failure, Tree> => {
  const dict = Object.fromEntries([...tensors].filter(([name]) => part === 'everything' || !name.startsWith('optimizer.')))
  return pipe(fromStateDict()(tree, dict), E.mapLeft(({ message }) => badInput(`${path}: ${message} It belongs to another configuration: give the run's own config.json.`)))
}
