import { either as E } from 'fp-ts'
import type * as t from 'io-ts'
import type { Problem } from '../error.js'
import { showValue } from '../error.js'

const describe = (type: t.Decoder<unknown, unknown> | undefined): string => type?.name ?? 'something else'

/** The innermost problem of every failed branch, with its path below `root`. Branches of a union are told once, by its name. */
const problemsOf = (errors: t.Errors, root: string): readonly Problem[] => {
  const seen = new Map<string, Problem>()
  for (const { context, value } of errors) {
    let path = root
    let expected = 'a valid value'
    let found = value
    let stopped = false
    context.forEach(({ key, type, actual }, depth) => {
      if (stopped) return
      const branch = depth > 0 && isComposite(context[depth - 1]?.type)
      if (depth > 0 && !branch && key !== '') path = /^\d+$/.test(key) ? `${path}[${key}]` : path === '' ? key : `${path}.${key}`
      if (!branch) {
        expected = describe(type)
        found = actual
      }
      stopped = tagOf(type) === 'UnionType'
    })
    if (!seen.has(path)) seen.set(path, { path, expected, found: showValue(found), remedy: 'Correct the field.' })
  }
  return [...seen.values()]
}

const tagOf = (type: unknown): string => (typeof type === 'object' && type !== null && '_tag' in type && typeof type._tag === 'string' ? type._tag : '')

/** Unions and intersections, also readonly ones, put their members' numbers into the path. */
const isComposite = (type: unknown): boolean =>
  ['UnionType', 'IntersectionType'].includes(tagOf(type)) ||
  (tagOf(type) === 'ReadonlyType' && typeof type === 'object' && type !== null && 'type' in type && isComposite(type.type))

/** Decodes one entry, or says what is wrong with it at its path. */
export const decodeAt = <A>(codec: t.Decoder<unknown, A>, value: unknown, path: string): E.Either<readonly Problem[], A> => {
  const decoded = codec.decode(value)
  return E.isLeft(decoded) ? E.left(problemsOf(decoded.left, path)) : decoded
}

/** Decodes a list entry by entry, so that all of its problems are found. */
export const decodeList = <A>(codec: t.Decoder<unknown, A>, value: unknown, path: string, problems: Problem[]): readonly A[] => {
  if (!Array.isArray(value)) {
    problems.push({ path, expected: 'a list', found: showValue(value), remedy: 'Add the list; it may be empty.' })
    return []
  }
  const entries: A[] = []
  value.forEach((entry: unknown, index) => {
    const decoded = decodeAt(codec, entry, `${path}[${index}]`)
    if (E.isLeft(decoded)) problems.push(...decoded.left)
    else entries.push(decoded.right)
  })
  return entries
}
