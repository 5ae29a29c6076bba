import { access, readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { either as E, taskEither as TE } from 'fp-ts'
import { pipe } from 'fp-ts/lib/function.js'
import { messageOf } from '@tabula/tensor'
import { badFile, badInput } from '../failure.js'
import type { Failure } from '../failure.js'
import { decodeConfig } from './decode.js'
import type { Config } from './schema.js'

/** Where the configurations that come with the package are. */
const shipped = (name: string): string => fileURLToPath(new URL(`../../${name}`, import.meta.url))

const exists = async (path: string): Promise<boolean> => access(path).then(() => true, () => false)

/** The file that a path means: in the working folder, or one that comes with the package, such as `configs/shapes.json`. */
export const findConfig = async (path: string): Promise<string> => {
  if (await exists(path)) return path
  const own = shipped(path)
  return /^configs\/[\w-]+\.json$/.test(path) && (await exists(own)) ? own : path
}

const place = (text: string, cause: unknown): string => {
  const at = /position (\d+)/.exec(messageOf(cause))
  if (at === null) return ''
  const before = text.slice(0, Number(at[1]))
  return ` in line ${before.split('\n').length}, column ${before.length - before.lastIndexOf('\n')}`
}

/** Reads and decodes a configuration file. `Left` where it is missing, no JSON, or has mistakes, all of which are told. */
export const loadConfig = (path: string): TE.TaskEither<Failure, Config> =>
  pipe(
    TE.tryCatch(
      async () => readFile(await findConfig(path), 'utf8'),
      (cause) => badInput(`${path}: expected a configuration file, found ${/ENOENT|ENOTDIR/.test(messageOf(cause)) ? 'no such file' : /EISDIR/.test(messageOf(cause)) ? 'a folder' : messageOf(cause)}. Give the path of a JSON file, or one of configs/shapes.json, configs/nuclei.json, configs/overfit-real.json, configs/coco-real.json.`)
    ),
    TE.flatMapEither((text) =>
      E.tryCatch(
        (): unknown => JSON.parse(text.replace(/^\uFEFF/, '')),
        (cause) => badInput(`${path}: expected JSON, found ${text.trim() === '' ? 'an empty file' : `a mistake${place(text, cause)} (${messageOf(cause)})`}. Correct the file.`)
      )
    ),
    TE.flatMapEither((json) => pipe(decodeConfig(json, path), E.mapLeft(badFile)))
  )
