import type { Arguments } from './recorded.js'

const isNumber = (x: unknown): x is number => typeof x === 'number'

/** How JSON texts of Python spell what JSON has no number for. */
const spelled: ReadonlyMap<unknown, number> = new Map(
  Object.entries({ inf: Infinity, Infinity, '-inf': -Infinity, '-Infinity': -Infinity, nan: NaN, NaN })
)

/** Arguments that explain a row to its reader. */
const explanations = ['note']

/** Typed access to a row's `attrs`, which notes what has been read. */
export const argumentsOf = (attrs: Readonly<Record<string, unknown>>): Arguments => {
  const known = new Set<string>(explanations)
  const read = (name: string): unknown => {
    known.add(name)
    const found = attrs[name]
    return spelled.get(found) ?? found ?? undefined
  }
  const wrong = (name: string, expected: string): Error => new Error(`argument ${name}: expected ${expected}, found ${JSON.stringify(attrs[name])}`)
  const numbers = (name: string, found: unknown): readonly number[] => {
    if (isNumber(found)) return [found]
    if (Array.isArray(found) && found.every(isNumber)) return found
    throw wrong(name, 'numbers')
  }
  return {
    has: (name) => attrs[name] !== undefined && attrs[name] !== null,
    isNull: (name) => {
      known.add(name)
      return attrs[name] === null
    },
    number: (name, fallback) => {
      const found = read(name) ?? fallback
      if (isNumber(found)) return found
      throw wrong(name, 'a number')
    },
    truth: (name, fallback = false) => {
      const found = read(name) ?? fallback
      if (typeof found === 'boolean') return found
      throw wrong(name, 'true or false')
    },
    text: (name, fallback) => {
      const found = read(name) ?? fallback
      if (typeof found === 'string') return found
      throw wrong(name, 'text')
    },
    list: (name, fallback) => numbers(name, read(name) ?? fallback),
    lists: (name) => {
      const found = read(name)
      if (Array.isArray(found)) return found.map((part) => numbers(name, part))
      throw wrong(name, 'lists of numbers')
    },
    pair: (name, fallback) => {
      const found = numbers(name, read(name) ?? fallback)
      const [height = 0, width = height] = found
      if (found.length > 2) throw wrong(name, 'one number or two')
      return [height, width]
    },
    only: (name, ...allowed) => {
      const found = read(name)
      if (found !== undefined && !allowed.some((value) => value === found)) throw wrong(name, allowed.map((value) => JSON.stringify(value)).join(' or '))
    },
    irrelevant: (...names) => {
      for (const name of names) known.add(name)
    },
    unread: () => Object.keys(attrs).filter((name) => !known.has(name) && attrs[name] !== null)
  }
}
