import { isTensor, TreeError } from '@tabula/tensor'
import type { Tensor } from '@tabula/tensor'

/** What to do with the parts of a tree, by the axes given for them. */
export interface ByAxis {
  /** With a tensor that has an axis. */
  readonly mapped: (leaf: Tensor, axis: number, path: string) => unknown
  /** With a subtree whose axis is `null`. */
  readonly shared: (subtree: unknown, path: string) => unknown
}

/** What the tree is, and the option that gives its axes, for messages. */
export interface Named {
  readonly root: string
  readonly option: string
}

type Fields = ReadonlyMap<string, unknown>

/** The entries of an array or a record by key. */
const fieldsOf = (node: unknown): Fields => new Map(typeof node === 'object' && node !== null ? Object.entries(node) : [])

const isRecord = (node: unknown): node is object => typeof node === 'object' && node !== null && !isTensor(node)

const sameFields = (node: object, axes: unknown): boolean => {
  const [expected, found] = [fieldsOf(node), fieldsOf(axes)]
  const alike = Array.isArray(node) === Array.isArray(axes) && expected.size === found.size
  return alike && [...expected.keys()].every((key) => found.has(key))
}

const show = (node: unknown): string => {
  if (!isRecord(node)) return isTensor(node) ? 'a tensor' : String(node)
  return Array.isArray(node) ? `an array of ${node.length}` : `a record of ${Object.keys(node).join(', ')}`
}

/**
 * The tree with each tensor and each subtree without axis replaced. `axes` is a prefix of the tree: a number or `null` in the place of a
 * subtree counts for everything below it. Throws `TreeError` where it is no prefix, or where the tree holds something else than tensors.
 */
export const mapByAxis = (
  tree: unknown,
  axes: unknown,
  { root, option }: Named,
  { mapped, shared }: ByAxis
): unknown => {
  const walk = (node: unknown, axis: unknown, path: string): unknown => {
    const refuse = (operand: string, expected: string, found: string): never => {
      throw new TreeError({ operation: 'vmap', operand: `${operand}${path}`, expected, found })
    }
    if (axis === null) return shared(node, `${root}${path}`)
    if (node === null || node === undefined) return node
    if (isTensor(node)) {
      return typeof axis === 'number' ? mapped(node, axis, `${root}${path}`) : refuse(option, 'an axis or null, as for a tensor', show(axis))
    }
    if (!isRecord(node)) return refuse(root, 'a tensor, an array or a record (its axis null for anything else)', typeof node)
    if (typeof axis !== 'number' && !sameFields(node, axis)) return refuse(option, `an axis, null or ${show(node)}`, show(axis))
    const children = fieldsOf(axis)
    const child = (value: unknown, key: string): unknown =>
      walk(value, typeof axis === 'number' ? axis : children.get(key), `${path}.${key}`)
    return Array.isArray(node)
      ? node.map((value, index) => child(value, String(index)))
      : Object.fromEntries(Object.entries(node).map(([key, value]) => [key, child(value, key)]))
  }
  return walk(tree, axes, '')
}
