import { isHostValue, isTensor, TreeError } from '@tabula/tensor'
import type { Tensor } from '@tabula/tensor'
import { describe } from '../tree.js'

/** What to do with the parts of a tree, by the axes given for them. */
export interface ByAxis {
  /** With a tensor that has an axis. */
  readonly mapped: (leaf: Tensor, axis: number, path: string) => unknown
  /** With a subtree whose axis is `null`. */
  readonly shared: (subtree: unknown, path: string) => unknown
}

/** What the tree is, the option that gives its axes, and what to do about a leaf that is no tensor, for messages. */
export interface Named {
  readonly root: string
  readonly option: string
  readonly remedy: string
}

type Fields = ReadonlyMap<string, unknown>

/** The entries of an array or a record by key. */
const fieldsOf = (node: unknown): Fields => new Map(typeof node === 'object' && node !== null ? Object.entries(node) : [])

const isRecord = (node: unknown): node is object => typeof node === 'object' && node !== null && !isTensor(node) && !isHostValue(node)

const sameFields = (node: object, axes: unknown): boolean => {
  const [expected, found] = [fieldsOf(node), fieldsOf(axes)]
  const alike = Array.isArray(node) === Array.isArray(axes) && expected.size === found.size
  return alike && [...expected.keys()].every((key) => found.has(key))
}

/**
 * The tree with each tensor and each subtree without axis replaced. `axes` is a prefix of the tree: a number or `null` in the place of a
 * subtree counts for everything below it. Throws `TreeError` where it is no prefix, or where the tree holds something else than tensors.
 */
export const mapByAxis = (
  tree: unknown,
  axes: unknown,
  { root, option, remedy }: Named,
  { mapped, shared }: ByAxis
): unknown => {
  const walk = (node: unknown, axis: unknown, path: string): unknown => {
    if (axis === null) return shared(node, `${root}${path}`)
    if (node === null || node === undefined) return node
    if (!isTensor(node) && !isRecord(node)) {
      const make = isHostValue(node) ? 'make it a tensor with constant(…)' : remedy
      throw new TreeError({ operation: 'vmap', operand: `${root}${path}`, expected: 'a tensor', found: describe(node), remedy: make })
    }
    if (typeof axis !== 'number' && (isTensor(node) || !sameFields(node, axis))) {
      const expected = isTensor(node) ? 'an axis or null, as for a tensor' : `an axis, null or ${describe(node)}`
      throw new TreeError({ operation: 'vmap', operand: `${option}${path}`, expected, found: describe(axis) })
    }
    // An axis for the tensor, as has just been checked; a tree is gone through with its axes, or with the one for all.
    if (isTensor(node)) return mapped(node, Number(axis), `${root}${path}`)
    const children = fieldsOf(axis)
    const child = (value: unknown, key: string): unknown =>
      walk(value, typeof axis === 'number' ? axis : children.get(key), `${path}.${key}`)
    return Array.isArray(node)
      ? node.map((value, index) => child(value, String(index)))
      : Object.fromEntries(Object.entries(node).map(([key, value]) => [key, child(value, key)]))
  }
  return walk(tree, axes, '')
}
