import { readFile } from 'node:fs/promises'
import { existsSync } from 'node:fs'
import { basename } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { either as E } from 'fp-ts'
import { decodeSafetensors, messageOf } from '@tabula/tensor'
import type { HostValue } from '@tabula/tensor'

/** Recorded tensors by name. */
export type Recording = ReadonlyMap<string, HostValue>

const unzipped = (path: string, bytes: Uint8Array): Uint8Array => {
  try {
    return gunzipSync(bytes)
  } catch (thrown) {
    throw new Error(`${basename(path)}: expected a whole gzip file, found ${messageOf(thrown)}`)
  }
}

/** The tensors of a `.safetensors` file, or of `.safetensors.gz`. Rejects with the file's name where it cannot be read. */
export const readRecording = async (path: string): Promise<Recording> => {
  const bytes = await readFile(path)
  const decoded = decodeSafetensors(path.endsWith('.gz') ? unzipped(path, bytes) : bytes)
  if (E.isLeft(decoded)) throw new Error(`${basename(path)}: ${decoded.left.message}`)
  return decoded.right.tensors
}

/** The first of these paths that exists. */
export const firstExisting = (paths: readonly string[]): string | undefined => paths.find((path) => existsSync(path))

/** The numbers that Python writes and JSON lacks, where a value stands. */
const pythonNumbers = /([:[,]\s*)(-?Infinity|NaN)(?=\s*[,\]}])/g

/** A JSON file as it is, with Python's infinities and NaN as texts; what it holds is checked where it is used. Rejects with the file's name where it is no JSON. */
export const readJson = async (path: string): Promise<unknown> => {
  const text = await readFile(path, 'utf8')
  try {
    return JSON.parse(text.replace(pythonNumbers, '$1"$2"'))
  } catch (thrown) {
    throw new Error(`${basename(path)}: expected JSON, found ${messageOf(thrown)}`)
  }
}
