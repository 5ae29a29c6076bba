import { either as E } from 'fp-ts'
import { cocoError, showValue } from '@tabula/coco'
import type { CocoError, Problem } from '@tabula/coco'
import { inconsistencies } from './consistency.js'
import { nearest } from './nearest.js'
import { schema } from './schema.js'
import type { Config, Section, Sections } from './schema.js'

const isRecord = (x: unknown): x is Readonly<Record<string, unknown>> => typeof x === 'object' && x !== null && !Array.isArray(x)

const join = (path: string, key: string): string => (path === '' ? key : `${path}.${key}`)

/** Paths of all keys below a section. */
const pathsOf = (keys: Sections, path = ''): readonly string[] =>
  Object.entries(keys).flatMap(([key, entry]) => [join(path, key), ...(entry.kind === 'section' ? pathsOf(entry.keys, join(path, key)) : [])])

const unknownKey = (key: string, path: string, siblings: Sections): Problem => {
  const here = nearest(key, Object.keys(siblings))
  const elsewhere = pathsOf(schema.keys).filter((known) => known.split('.').at(-1) === (nearest(key, known.split('.').slice(-1)) ?? ''))
  const meant = here === undefined ? elsewhere[0] : join(path, here)
  return {
    path: join(path, key),
    expected: `one of the keys ${Object.keys(siblings).join(', ')}`,
    found: showValue(key),
    remedy: meant === undefined ? 'Remove the key.' : `Did you mean ${meant}?`
  }
}

const decodeSection = ({ keys }: Section, value: unknown, path: string, problems: Problem[]): Readonly<Record<string, unknown>> => {
  if (value !== undefined && !isRecord(value)) {
    problems.push({ path, expected: `an object with the keys ${Object.keys(keys).join(', ')}`, found: showValue(value), remedy: 'Write { … }.' })
    return {}
  }
  const given = value ?? {}
  Object.keys(given).forEach((key) => {
    if (!Object.hasOwn(keys, key)) problems.push(unknownKey(key, path, keys))
  })
  return Object.fromEntries(
    Object.entries(keys).map(([key, entry]) => {
      const found = Object.hasOwn(given, key) ? given[key] : undefined
      const at = join(path, key)
      if (entry.kind === 'section') return [key, decodeSection(entry, found, at, problems)]
      if (found === undefined) {
        if (entry.fallback === undefined) problems.push({ path: at, expected: entry.codec.name, found: 'nothing', remedy: `Add the key: ${entry.meaning}` })
        return [key, entry.fallback]
      }
      const decoded = entry.codec.decode(found)
      if (E.isLeft(decoded)) problems.push({ path: at, expected: entry.codec.name, found: showValue(found), remedy: remedyFor(entry.codec.name, found, entry.meaning) })
      return [key, E.isRight(decoded) ? decoded.right : undefined]
    })
  )
}

/** Names of a list of choices that a misspelled text is near to, or what the key means. */
const remedyFor = (expected: string, found: unknown, meaning: string): string => {
  const choices = expected.startsWith('one of ') ? [...expected.matchAll(/"([^"]+)"/g)].map(([, name = '']) => name) : []
  const meant = typeof found === 'string' ? nearest(found, choices) : undefined
  if (meant !== undefined) return `Did you mean "${meant}"?`
  if (typeof found === 'string' && found.trim() !== '' && Number.isFinite(Number(found)) && /number|integer/.test(expected)) return `Write the number without quotes: ${Number(found)}.`
  return meaning
}

/** A configuration from parsed JSON, with every default filled in. `Left` with all mistakes, each with its path. */
export const decodeConfig = (json: unknown, file: string): E.Either<CocoError, Config> => {
  if (!isRecord(json)) {
    return E.left(cocoError(file, [{ path: '', expected: 'a JSON object', found: showValue(json), remedy: `Write { "optimization": { "steps": 1000 }, … }; keys are ${Object.keys(schema.keys).join(', ')}.` }]))
  }
  const problems: Problem[] = []
  // Every key was decoded by its codec or has left a problem.
  const config = decodeSection(schema, json, '', problems) as unknown as Config
  const all = problems.length === 0 ? inconsistencies(config) : problems
  return all.length === 0 ? E.right(config) : E.left(cocoError(file, all))
}
