import type { AnyNode } from '../node.js'

/** Constants up to this many elements are compared by content, larger ones by identity. */
const comparedElements = 64

/** Numbers that stand for objects, given out in the order of their first appearance. */
export interface Numbering {
  readonly of: (object: object) => number
}

/** A fresh numbering. */
export const numbering = (): Numbering => {
  const known = new Map<object, number>()
  return {
    of: (object) => {
      const number = known.get(object) ?? known.size
      known.set(object, number)
      return number
    }
  }
}

const isTypedArray = (x: object): x is Float32Array | Float64Array | Int32Array | Uint32Array | Uint8Array => ArrayBuffer.isView(x)

/** Attributes as text; arrays and records by content, graphs and functions by identity. Tells −0, NaN and infinities apart. */
const attributesKey = (attributes: unknown, numbers: Numbering): string => {
  if (typeof attributes === 'number') return Object.is(attributes, -0) ? '-0' : String(attributes)
  if (typeof attributes === 'function') return `#${numbers.of(attributes)}`
  if (typeof attributes !== 'object' || attributes === null) return JSON.stringify(attributes) ?? 'undefined'
  if (isTypedArray(attributes)) {
    return attributes.length > comparedElements ? `#${numbers.of(attributes)}` : `(${Array.from(attributes, (x) => attributesKey(x, numbers)).join(',')})`
  }
  if (Array.isArray(attributes)) return `[${attributes.map((entry) => attributesKey(entry, numbers)).join(',')}]`
  if ('nodes' in attributes && 'outputs' in attributes) return `#${numbers.of(attributes)}`
  return `{${Object.entries(attributes)
    .map(([name, value]) => `${name}:${attributesKey(value, numbers)}`)
    .join(',')}}`
}

/**
 * A text that two nodes share exactly when they compute the same thing from the same operands. Placeholders and barriers are equal
 * to nothing but themselves.
 */
export const structuralKey = (node: AnyNode, numbers: Numbering): string => {
  if (node.primitive === 'input' || node.primitive === 'barrier') return `#${numbers.of(node)}`
  const operands = node.inputs.map((input) => `${numbers.of(input.node)}.${input.index}`).join(' ')
  return `${node.primitive} ${operands} ${attributesKey(node.attributes, numbers)}`
}
