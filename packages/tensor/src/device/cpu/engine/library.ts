import { existsSync, readdirSync } from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'
import { either as E } from 'fp-ts'
import type { EngineFailure } from './engine.js'
import { messageOf } from '../../../errors.js'

/** File names of the shared library that onnxruntime-node ships, for each platform. */
const fileNames: { readonly [platform: string]: readonly string[] } = {
  linux: ['libonnxruntime.so.1'],
  darwin: ['libonnxruntime.1.dylib', 'libonnxruntime.dylib'],
  win32: ['onnxruntime.dll']
}

/** ONNX Runtime's shared library as installed, and its version. */
export interface Library {
  readonly file: string
  readonly version: string
}

/** Finds the shared library of the installed onnxruntime-node for this platform and processor. */
export const findLibrary = (platform: string = process.platform, architecture: string = process.arch): E.Either<EngineFailure, Library> => {
  const require = createRequire(import.meta.url)
  const manifest = E.tryCatch(() => require.resolve('onnxruntime-node/package.json'), messageOf)
  if (E.isLeft(manifest)) return E.left({ message: 'onnxruntime-node is not installed.' })
  const binaries = path.join(path.dirname(manifest.right), 'bin')
  const builds = existsSync(binaries) ? readdirSync(binaries).sort().reverse() : []
  const candidates = builds.flatMap((build) => (fileNames[platform] ?? []).map((name) => path.join(binaries, build, platform, architecture, name)))
  const file = candidates.find((candidate) => existsSync(candidate))
  if (file === undefined) return E.left({ message: `onnxruntime-node has no library for ${platform} on ${architecture}.` })
  const { version } = require(manifest.right) as { readonly version: string } // npm requires every package to state its version.
  return E.right({ file, version })
}
