import type { Arguments } from './recorded.js'

const isNumber = (x: unknown): x is number => typeof x === 'number'

/** Typed access to a row's `attrs`. */
export const argumentsOf = (attrs: Readonly<Record<string, unknown>>): Arguments => {
  const wrong = (name: string, expected: string): Error => new Error(`argument ${name}: expected ${expected}, found ${JSON.stringify(attrs[name])}`)
  const numbers = (name: string, found: unknown): readonly number[] => {
    if (isNumber(found)) return [found]
    if (Array.isArray(found) && found.every(isNumber)) return found
    throw wrong(name, 'numbers')
  }
  const list = (name: string): readonly number[] => numbers(name, attrs[name])
  return {
    has: (name) => attrs[name] !== undefined && attrs[name] !== null,
    number: (name, fallback) => {
      const found = attrs[name] ?? fallback
      if (isNumber(found)) return found
      throw wrong(name, 'a number')
    },
    truth: (name) => attrs[name] === true,
    text: (name, fallback) => {
      const found = attrs[name] ?? fallback
      if (typeof found === 'string') return found
      throw wrong(name, 'text')
    },
    list,
    lists: (name) => {
      const found = attrs[name]
      if (Array.isArray(found)) return found.map((part) => numbers(name, part))
      throw wrong(name, 'lists of numbers')
    },
    pair: (name, fallback) => {
      const found = numbers(name, attrs[name] ?? fallback)
      const [height = 0, width = height] = found
      return [height, width]
    }
  }
}
