import { readFile } from 'node:fs/promises'
import { existsSync } from 'node:fs'
import { basename } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { either as E } from 'fp-ts'
import { decodeSafetensors } from '@tabula/tensor'
import type { HostValue } from '@tabula/tensor'

/** Recorded tensors by name. */
export type Recording = ReadonlyMap<string, HostValue>

/** The tensors of a `.safetensors` file, or of `.safetensors.gz`. Rejects with the file's name where it cannot be read. */
export const readRecording = async (path: string): Promise<Recording> => {
  const bytes = await readFile(path)
  const decoded = decodeSafetensors(path.endsWith('.gz') ? gunzipSync(bytes) : bytes)
  if (E.isLeft(decoded)) throw new Error(`${basename(path)}: ${decoded.left.message}`)
  return decoded.right.tensors
}

/** The first of these paths that exists. */
export const firstExisting = (paths: readonly string[]): string | undefined => paths.find((path) => existsSync(path))

/** A JSON file as it is; what it holds is checked where it is used. */
export const readJson = async (path: string): Promise<unknown> => JSON.parse(await readFile(path, 'utf8'))
