import { access, readFile } from 'node:fs/promises'
import { basename, join, resolve } from 'node:path'
import { either as E, taskEither as TE } from 'fp-ts'
import { pipe } from 'fp-ts/lib/function.js'
import * as t from 'io-ts'
import { messageOf } from '@tabula/tensor'
import { loadConfig } from '../config/index.js'
import type { Config } from '../config/index.js'
import { badInput } from '../failure.js'
import type { Failure } from '../failure.js'
import { atomicWrite, loadCheckpoint } from '../trainer/index.js'
import type { LoadedCheckpoint } from '../trainer/index.js'
import { makeFolder } from '../make-folder.js'

const exists = (path: string): Promise<boolean> => access(path).then(() => true, () => false)

const RunFile = t.type({ data: t.string })

/** Files of a run: its resolved configuration, and where its data is. */
const configPath = (run: string): string => join(run, 'config.json')
const runPath = (run: string): string => join(run, 'run.json')

/** Everything that a training writes. */
const written = ['config.json', 'run.json', 'metrics.jsonl', 'timings.jsonl', 'checkpoint.safetensors', 'checkpoint-previous.safetensors', 'report.html']

const holdsAnyOf = async (folder: string, names: readonly string[]): Promise<boolean> => (await Promise.all(names.map((name) => exists(join(folder, name))))).some((found) => found)

const holdsRun = (folder: string): Promise<boolean> =>
  holdsAnyOf(folder, ['config.json', 'metrics.jsonl', 'checkpoint.safetensors', 'checkpoint-previous.safetensors'])

/** `Left` where a folder holds files that a training would overwrite. */
export const refuseRun = (folder: string): TE.TaskEither<Failure, void> => async () =>
  (await holdsAnyOf(folder, written))
    ? E.left(badInput(`--out ${folder}: expected a folder without a training run, found one. Choose another folder, or go on with it by --resume ${folder}.`))
    : E.right(undefined)

/** A free folder for a run: the one asked for, or `runs/NAME`, `runs/NAME-2`, … `Left` where the one asked for holds a run. */
export const freeFolder = (asked: string | undefined, name: string): TE.TaskEither<Failure, string> => async () => {
  if (asked !== undefined) return pipe(refuseRun(asked), TE.map(() => asked))()
  const base = join('runs', basename(name, '.json'))
  for (let k = 1; ; k++) {
    const folder = k === 1 ? base : `${base}-${k}`
    if (!(await exists(folder))) return E.right(folder)
  }
}

/** Makes the folder of a run. */
export const makeRunFolder = (run: string): TE.TaskEither<Failure, void> =>
  TE.tryCatch(
    () => makeFolder(run),
    (cause) => badInput(`--out ${run}: expected a folder that can be written, found ${messageOf(cause)}. Choose another folder.`)
  )

/** Writes a run's resolved configuration and the place of its data. */
export const describeRun = (run: string, config: Config, data: string): TE.TaskEither<Failure, void> =>
  TE.tryCatch(
    async () => {
      await atomicWrite(runPath(run), `${JSON.stringify({ data: resolve(data) }, undefined, 2)}\n`)
      await atomicWrite(configPath(run), `${JSON.stringify(config, undefined, 2)}\n`)
    },
    (cause) => badInput(`--out ${run}: expected a folder that can be written, found ${messageOf(cause)}. Free space on the disk, or choose another folder.`)
  )

/** A run as found on disk. */
export interface FoundRun {
  readonly folder: string
  readonly config: Config
  /** The data folder it was trained on, where that is known. */
  readonly data: string | undefined
  readonly checkpoint: LoadedCheckpoint
}

/** A run that may have ended before its first checkpoint. */
export type StartedRun = Omit<FoundRun, 'checkpoint'> & { readonly checkpoint: LoadedCheckpoint | undefined }

/** `Left` where a folder holds no training run. */
export const holdsARun = (folder: string): TE.TaskEither<Failure, void> =>
  pipe(
    TE.fromTask<boolean, Failure>(() => holdsRun(folder)),
    TE.filterOrElse(
      (holds) => holds,
      () => badInput(`${folder}: expected the folder of a training run, with config.json and checkpoint.safetensors, found none. Give a folder that \`tabula train\` wrote.`)
    ),
    TE.asUnit
  )

const found = <C>(folder: string, checkpoint: TE.TaskEither<Failure, C>): TE.TaskEither<Failure, Omit<FoundRun, 'checkpoint'> & { readonly checkpoint: C }> =>
  pipe(
    holdsARun(folder),
    TE.bindTo('_'),
    TE.bind('config', () => loadConfig(configPath(folder))),
    TE.bind('checkpoint', () => checkpoint),
    TE.bind('data', () => readData(folder)),
    TE.map(({ config, checkpoint: loaded, data }) => ({ folder, config, checkpoint: loaded, data }))
  )

/** Where a run's data was when it was trained; nothing where the file that tells is missing or damaged. */
const readData = (folder: string): TE.TaskEither<Failure, string | undefined> =>
  TE.fromTask(async () => {
    const text = await readFile(runPath(folder), 'utf8').catch(() => '')
    const decoded = pipe(
      E.tryCatch((): unknown => JSON.parse(text), () => undefined),
      E.flatMap(RunFile.decode)
    )
    return E.isRight(decoded) ? decoded.right.data : undefined
  })

/** The data folder that is asked for, or the run's own. */
export const dataOf = ({ folder, data }: Pick<FoundRun, 'folder' | 'data'>, asked: string | undefined): TE.TaskEither<Failure, string> => {
  const given = asked ?? data
  return given === undefined ? TE.left(badInput(`${runPath(folder)}: data: expected the run's data folder, found none. Give it with --data, or restore the file.`)) : TE.right(given)
}

/** Reads a run's folder. `Left` where it is no run, or its files are damaged. */
export const findRun = (folder: string): TE.TaskEither<Failure, FoundRun> => found(folder, loadCheckpoint(folder))

/** Reads the folder of a run that is to go on: without a checkpoint it starts again, with the same numbers. */
export const findStartedRun = (folder: string): TE.TaskEither<Failure, StartedRun> =>
  found(
    folder,
    pipe(
      TE.fromTask<boolean, Failure>(() => holdsAnyOf(folder, ['checkpoint.safetensors', 'checkpoint-previous.safetensors'])),
      TE.flatMap((saved): TE.TaskEither<Failure, LoadedCheckpoint | undefined> => (saved ? loadCheckpoint(folder) : TE.right(undefined)))
    )
  )
