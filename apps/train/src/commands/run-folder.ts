import { access, readFile } from 'node:fs/promises'
import { basename, join, resolve } from 'node:path'
import { either as E, taskEither as TE } from 'fp-ts'
import { pipe } from 'fp-ts/lib/function.js'
import * as t from 'io-ts'
import { loadConfig } from '../config/index.js'
import type { Config } from '../config/index.js'
import { badInput, messageOf } from '../failure.js'
import type { Failure } from '../failure.js'
import { atomicWrite, checkpointPath, loadCheckpoint } from '../trainer/index.js'
import type { LoadedCheckpoint } from '../trainer/index.js'
import { makeFolder } from '../make-folder.js'

const exists = (path: string): Promise<boolean> => access(path).then(() => true, () => false)

const RunFile = t.type({ data: t.string })

/** Files of a run: its resolved configuration, and where its data is. */
const configPath = (run: string): string => join(run, 'config.json')
const runPath = (run: string): string => join(run, 'run.json')

const holdsRun = async (folder: string): Promise<boolean> =>
  (await Promise.all([configPath(folder), checkpointPath(folder), join(folder, 'metrics.jsonl')].map(exists))).some((found) => found)

/** A free folder for a run: the one asked for, or `runs/NAME`, `runs/NAME-2`, … `Left` where the one asked for holds a run. */
export const freeFolder = (asked: string | undefined, name: string): TE.TaskEither<Failure, string> => async () => {
  if (asked !== undefined) {
    return (await holdsRun(asked))
      ? E.left(badInput(`--out ${asked}: expected a folder without a training run, found one. Choose another folder, or go on with it by --resume ${asked}.`))
      : E.right(asked)
  }
  const base = join('runs', basename(name, '.json'))
  for (let k = 1; ; k++) {
    const folder = k === 1 ? base : `${base}-${k}`
    if (!(await exists(folder))) return E.right(folder)
  }
}

/** Makes a run's folder with its resolved configuration and the place of its data. */
export const createRun = (run: string, config: Config, data: string): TE.TaskEither<Failure, void> =>
  TE.tryCatch(
    async () => {
      await makeFolder(run)
      await atomicWrite(configPath(run), `${JSON.stringify(config, undefined, 2)}\n`)
      await atomicWrite(runPath(run), `${JSON.stringify({ data: resolve(data) }, undefined, 2)}\n`)
    },
    (cause) => badInput(`--out ${run}: expected a folder that can be written, found ${messageOf(cause)}. Choose another folder.`)
  )

/** A run as found on disk. */
export interface FoundRun {
  readonly folder: string
  readonly config: Config
  /** The data folder it was trained on. */
  readonly data: string
  readonly checkpoint: LoadedCheckpoint
}

/** Reads a run's folder. `Left` where it is no run, or its files are damaged. */
export const findRun = (folder: string): TE.TaskEither<Failure, FoundRun> =>
  pipe(
    TE.fromTask<boolean, Failure>(() => holdsRun(folder)),
    TE.filterOrElse(
      (found) => found,
      () => badInput(`${folder}: expected the folder of a training run, with config.json and checkpoint.safetensors, found ${'none'}. Give a folder that \`tabula train\` wrote.`)
    ),
    TE.bindTo('_'),
    TE.bind('config', () => loadConfig(configPath(folder))),
    TE.bind('checkpoint', () => loadCheckpoint(folder)),
    TE.bind('data', () =>
      TE.fromTask<string, Failure>(async () => {
        const text = await readFile(runPath(folder), 'utf8').catch(() => '')
        const decoded = pipe(
          E.tryCatch((): unknown => JSON.parse(text), () => undefined),
          E.flatMap(RunFile.decode)
        )
        return E.isRight(decoded) ? decoded.right.data : '.'
      })
    ),
    TE.map(({ config, checkpoint, data }) => ({ folder, config, checkpoint, data }))
  )
