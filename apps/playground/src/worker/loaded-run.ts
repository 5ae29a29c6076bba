import { either as E, taskEither as TE } from 'fp-ts'
import { pipe } from 'fp-ts/lib/function.js'
import { formatCocoError } from '@tabula/coco'
import type { InferenceValues, MaskRcnn, Trees } from '@tabula/detection'
import { compile, key, messageOf, showError } from '@tabula/tensor'
import type { Compiled, Device } from '@tabula/tensor'
import { decodeCheckpoint, decodeConfig, modelOf, restore } from '@tabula/train/run'
import type { Config } from '@tabula/train/run'
import type { RunFiles } from '../protocol.js'
import type { DetectedValues } from './detections.js'

/** Parameters and running statistics. */
interface Weights {
  readonly params: Trees
  readonly state: Trees
}

/** Detections with the mask of each. */
export interface MaskedValues extends DetectedValues {
  readonly masks: DetectedValues['boxes']
}

/** A training run's detector, ready for images. */
export interface LoadedRun {
  readonly name: string
  readonly step: number
  readonly classes: readonly string[]
  readonly config: Config
  readonly model: MaskRcnn
  /** What is in the images of a batch. Programs are kept by the batch's size. */
  readonly detect: (batch: InferenceValues) => TE.TaskEither<string, MaskedValues>
}

type Arguments = Weights & { readonly batch: InferenceValues }
type Program = Compiled<Arguments, ReturnType<MaskRcnn['infer']>>

const parsed = (name: string, text: string): E.Either<string, unknown> =>
  E.tryCatch(
    (): unknown => JSON.parse(text),
    () => `${name}/config.json: expected JSON, found something else. Give the folder that \`tabula train\` wrote.`
  )

const detectorOn = (device: Device, model: MaskRcnn, weights: Weights): LoadedRun['detect'] => {
  const programs = new Map<string, Program>()
  return (batch) => {
    const size = batch.images.shape.join('×')
    const args: Arguments = { ...weights, batch }
    const known = programs.get(size)
    return pipe(
      known === undefined ? compile(device)<Arguments, ReturnType<MaskRcnn['infer']>>((x) => model.infer(x.params, x.state, x.batch), args) : TE.right(known),
      TE.tapIO((program) => () => programs.set(size, program)),
      TE.flatMap((program) => program.run(args)),
      TE.mapLeft(showError)
    )
  }
}

/** The text and the bytes of a run's files. */
interface ReadFiles {
  readonly name: string
  readonly text: string
  readonly bytes: Uint8Array
}

const reading = ({ name, config, checkpoint }: RunFiles): TE.TaskEither<string, ReadFiles> =>
  TE.tryCatch(
    async () => ({ name, text: await config.text(), bytes: new Uint8Array(await checkpoint.arrayBuffer()) }),
    (cause) => `${name}: the files could not be read: ${messageOf(cause)}. Give the folder again.`
  )

const detectorOf = (device: Device, { name, text, bytes }: ReadFiles): E.Either<string, LoadedRun> =>
  pipe(
    E.Do,
    E.bind('json', () => parsed(name, text)),
    E.bind('config', ({ json }) => pipe(decodeConfig(json, `${name}/config.json`), E.mapLeft(formatCocoError))),
    E.bind('saved', () =>
      pipe(
        decodeCheckpoint(`${name}/checkpoint.safetensors`, bytes),
        E.mapLeft(({ message }) => message)
      )
    ),
    E.let('model', ({ config, saved }) => modelOf(config, saved.progress.categories.length + 1)),
    E.bind('weights', ({ model, saved }) =>
      pipe(
        restore(model.init(key(0)), saved, 'weights'),
        E.mapLeft(({ message }) => message)
      )
    ),
    E.map(({ config, saved, model, weights }) => ({
      name,
      step: saved.progress.step,
      classes: saved.progress.categories.map((category) => category.name),
      config,
      model,
      detect: detectorOn(device, model, weights)
    }))
  )

/** A run's detector from the files of its folder. `Left` says which file is wrong, where, and what to do. */
export const loadRun = (device: Device, files: RunFiles): TE.TaskEither<string, LoadedRun> =>
  pipe(
    reading(files),
    TE.flatMapEither((read) => detectorOf(device, read))
  )
