import { createHash } from 'node:crypto'
import { readFile, rename } from 'node:fs/promises'
import { join } from 'node:path'
import { either as E, taskEither as TE } from 'fp-ts'
import { pipe } from 'fp-ts/lib/function.js'
import type { OptimizerState } from '@tabula/nn'
import { toStateDict } from '@tabula/nn'
import type { Trees } from '@tabula/detection'
import { encodeSafetensors, messageOf } from '@tabula/tensor'
import type { HostValue } from '@tabula/tensor'
import type { Config } from '../config/index.js'
import { badInput, failed } from '../failure.js'
import type { Failure } from '../failure.js'
import { atomicWrite } from './atomic-write.js'
import { decodeCheckpoint, metadataKey } from './checkpoint-bytes.js'
import type { LoadedCheckpoint, Progress } from './checkpoint-bytes.js'

/** All numbers that training changes. */
export interface TrainingState {
  readonly params: Trees
  readonly state: Trees
  readonly optimizer: OptimizerState<Trees, HostValue<'f32'>>
}

/** The newest checkpoint of a run, and the one before it. */
export const checkpointPath = (run: string): string => join(run, 'checkpoint.safetensors')
const previousPath = (run: string): string => join(run, 'checkpoint-previous.safetensors')

/** Identifies what must stay the same for a run to be resumed: all that decides its numbers up to the step where it stands. */
export const digestOf = ({ model: { detections: _detections, ...model }, data: { validation: _validation, ...data }, optimization: { batch, momentum, weightDecay, normDecay, learningRate }, seed }: Config): string =>
  createHash('sha256').update(JSON.stringify({ model, data, optimization: { batch, momentum, weightDecay, normDecay, learningRate }, seed })).digest('hex')

/** Paths of all values that hold a number that is not finite. */
export const notFinite = (state: unknown): readonly string[] =>
  Object.entries(toStateDict(state)).flatMap(([path, { data }]) => (data.every(Number.isFinite) ? [] : [path]))

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

const readBytes = (path: string): TE.TaskEither<Failure, Uint8Array> =>
  TE.tryCatch(
    async () => readFile(path),
    (cause) => badInput(`${path}: expected a checkpoint, found ${/ENOENT|ENOTDIR/.test(messageOf(cause)) ? 'no such file' : /EISDIR/.test(messageOf(cause)) ? 'a folder' : messageOf(cause)}. Give the folder of a training run, which \`tabula train\` writes.`)
  )

const readCheckpoint = (path: string): TE.TaskEither<Failure, LoadedCheckpoint> =>
  pipe(
    readBytes(path),
    TE.flatMapEither((bytes) => decodeCheckpoint(path, bytes))
  )

/** The newest checkpoint of a run; the one before where a crash between two renames left only that. */
export const loadCheckpoint = (run: string): TE.TaskEither<Failure, LoadedCheckpoint> =>
  pipe(
    readCheckpoint(checkpointPath(run)),
    TE.orElse((failure) => (failure.message.includes('no such file') ? pipe(readCheckpoint(previousPath(run)), TE.mapLeft(() => failure)) : TE.left(failure)))
  )
