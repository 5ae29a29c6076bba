import { either as E } from 'fp-ts'
import type { Either } from 'fp-ts/lib/Either.js'
import type { SafetensorsError } from './errors.js'
import { safetensorsError } from './errors.js'
import { formats } from './formats.js'
import type { Format } from './formats.js'

/** The key of the header under which free text is kept. */
export const metadataKey = '__metadata__'

/** Where a tensor lies, checked against its shape and type. */
export interface Entry {
  readonly name: string
  readonly format: Format
  readonly shape: readonly number[]
  readonly begin: number
  readonly end: number
}

export interface Header {
  readonly metadata: ReadonlyMap<string, string>
  readonly entries: readonly Entry[]
}

/** The keys of the outermost object of a valid JSON text, repeated ones too, which `JSON.parse` would swallow. */
const outermostKeys = (json: string): readonly string[] => {
  const keys: string[] = []
  let depth = 0
  for (const { 0: token } of json.matchAll(/"(?:[^"\\]|\\.)*"(?:\s*:)?|[{}[\]]/gs)) {
    if (token === '{' || token === '[') depth++
    else if (token === '}' || token === ']') depth--
    else if (depth === 1 && token.endsWith(':')) keys.push(String(JSON.parse(token.slice(0, token.lastIndexOf('"') + 1))))
  }
  return keys
}

const isRecord = (x: unknown): x is Readonly<Record<string, unknown>> => typeof x === 'object' && x !== null && !Array.isArray(x)
const isSize = (x: unknown): x is number => typeof x === 'number' && Number.isSafeInteger(x) && x >= 0
const areSizes = (x: unknown): x is readonly number[] => Array.isArray(x) && x.every(isSize)
const show = (x: unknown): string => JSON.stringify(x) ?? 'nothing'

const entryOf = (name: string, description: unknown, available: number): Either<SafetensorsError, Entry> => {
  const fail = (expected: string, found: string): Either<SafetensorsError, never> => E.left(safetensorsError(name, expected, found))
  if (!isRecord(description)) return fail('an object with dtype, shape and data_offsets', show(description))
  const { dtype, shape, data_offsets: offsets } = description
  const format = typeof dtype === 'string' ? formats.get(dtype) : undefined
  if (format === undefined) return fail(`dtype to be one of ${[...formats.keys()].join(', ')}`, show(dtype))
  if (!areSizes(shape)) return fail('shape to be non-negative integers', show(shape))
  if (!areSizes(offsets) || offsets.length !== 2) return fail('data_offsets to be two non-negative integers', show(offsets))
  const [begin = 0, end = 0] = offsets
  const bytes = shape.reduce((product, size) => product * size, format.bytes)
  if (end - begin !== bytes) return fail(`${bytes} bytes for ${String(dtype)} of shape ${show(shape)}`, `data_offsets ${show(offsets)}`)
  if (end > available) return fail(`data up to byte ${end}`, `a file truncated after ${available} bytes of data`)
  return E.right({ name, format, shape, begin, end })
}

const metadataOf = (found: unknown): Either<SafetensorsError, ReadonlyMap<string, string>> => {
  if (!isRecord(found)) return E.left(safetensorsError(undefined, `${metadataKey} to be an object of strings`, show(found)))
  const metadata = new Map<string, string>()
  for (const [name, text] of Object.entries(found)) {
    if (typeof text !== 'string') return E.left(safetensorsError(undefined, `${metadataKey} "${name}" to be a string`, show(text)))
    metadata.set(name, text)
  }
  return E.right(metadata)
}

/** Data must be covered once and completely, as the format demands. */
const checkCoverage = (entries: readonly Entry[], available: number): SafetensorsError | undefined => {
  let covered = 0
  for (const { name, begin, end } of [...entries].sort((a, b) => a.begin - b.begin || a.end - b.end)) {
    if (begin < covered) return safetensorsError(name, `data from byte ${covered}, where the tensor before it ends`, `an overlap from byte ${begin}`)
    if (begin > covered) return safetensorsError(name, `data from byte ${covered}, where the tensor before it ends`, `a hole up to byte ${begin}`)
    covered = end
  }
  return covered === available ? undefined : safetensorsError(undefined, `${covered} bytes of data`, `${available}`)
}

const parse = (text: string): Either<SafetensorsError, Readonly<Record<string, unknown>>> => {
  const parsed = E.tryCatch(
    () => JSON.parse(text) as unknown,
    (error) => safetensorsError(undefined, 'a JSON header', String(error))
  )
  return E.chain((value: unknown) => (isRecord(value) ? E.right(value) : E.left(safetensorsError(undefined, 'a JSON object as header', show(value)))))(parsed)
}

/** Reads a header's text for `available` bytes of data. `Left` names the first tensor at fault. */
export const readHeader = (text: string, available: number): Either<SafetensorsError, Header> => {
  const parsed = parse(text)
  if (E.isLeft(parsed)) return parsed
  const keys = outermostKeys(text)
  const repeated = keys.find((name, position) => keys.indexOf(name) !== position)
  if (repeated !== undefined) return E.left(safetensorsError(repeated, 'each name once', 'a duplicate'))
  const entries: Entry[] = []
  let metadata: ReadonlyMap<string, string> = new Map()
  for (const name of keys) {
    const description = Object.getOwnPropertyDescriptor(parsed.right, name)?.value as unknown
    if (name === metadataKey) {
      const found = metadataOf(description)
      if (E.isLeft(found)) return found
      metadata = found.right
    } else {
      const entry = entryOf(name, description, available)
      if (E.isLeft(entry)) return entry
      entries.push(entry.right)
    }
  }
  const fault = checkCoverage(entries, available)
  return fault === undefined ? E.right({ metadata, entries }) : E.left(fault)
}
