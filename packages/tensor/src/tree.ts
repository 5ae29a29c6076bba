import { TreeError } from './errors.js'
import type { Dtype } from './dtype.js'
import type { Tensor } from './node.js'
import type { Shape } from './shape-types.js'
import type { HostValue } from './value.js'

/** A readonly tree of arrays and records with leaves of one kind; `null` and `undefined` are empty trees. */
export type Tree<Leaf> = Leaf | null | undefined | readonly Tree<Leaf>[] | { readonly [key: string]: Tree<Leaf> }

/** `T` with its tensor leaves replaced by host values of the same type. */
export type ValuesOf<T> = T extends Tensor<Shape, infer D>
  ? HostValue<D>
  : T extends null | undefined
    ? T
    : T extends object
      ? { readonly [K in keyof T]: ValuesOf<T[K]> }
      : T

/** `T` with its host-value leaves replaced by tensors of the same type. */
export type TensorsOf<T> = T extends HostValue<infer D>
  ? Tensor<Shape, D>
  : T extends Tensor | null | undefined
    ? T
    : T extends object
      ? { readonly [K in keyof T]: TensorsOf<T[K]> }
      : T

/** Anything that is a leaf by its `kind`. */
interface Tagged {
  readonly kind: string
}

/** Whether a node of a tree is a tensor. */
export const isTensor = (x: unknown): x is Tensor => isTagged(x) && x.kind === 'tensor'

/** Whether a node of a tree is a host value. */
export const isHostValue = (x: unknown): x is HostValue<Dtype> => isTagged(x) && x.kind === 'host'

const isTagged = (x: unknown): x is Tagged => typeof x === 'object' && x !== null && 'kind' in x && typeof x.kind === 'string'

/** A leaf and where it is: record keys and array indices from the root, joined by dots. */
export interface PathLeaf<Leaf> {
  readonly path: string
  readonly leaf: Leaf
}

type Guard<Leaf> = (x: unknown) => x is Leaf

const join = (path: string, key: string | number): string => (path === '' ? String(key) : `${path}.${key}`)

/**
 * The leaves of a tree with their paths, records in the order of their keys as written.
 * Throws `TreeError` at anything that is neither a leaf, an array, a record, `null` nor `undefined`.
 */
export const leavesOf = <Leaf>(tree: unknown, isLeaf: Guard<Leaf>): readonly PathLeaf<Leaf>[] => {
  const found: PathLeaf<Leaf>[] = []
  const walk = (node: unknown, path: string): void => {
    if (node === null || node === undefined) return
    if (isLeaf(node)) found.push({ path, leaf: node })
    else if (Array.isArray(node)) node.forEach((child, index) => walk(child, join(path, index)))
    else if (typeof node === 'object') Object.entries(node).forEach(([key, child]) => walk(child, join(path, key)))
    else throw new TreeError({ operation: 'tree', operand: path || 'root', expected: 'a leaf, an array or a record', found: typeof node })
  }
  walk(tree, '')
  return found
}

/**
 * The same tree with each leaf replaced. The caller states the resulting type, which must be `tree`'s with its leaves mapped;
 * `ValuesOf` and `TensorsOf` name the usual two. Throws `TreeError` at anything that is neither a leaf, an array nor a record.
 */
export const mapLeaves = <Leaf, Result>(tree: unknown, isLeaf: Guard<Leaf>, f: (leaf: Leaf, path: string) => Result): unknown => {
  const walk = (node: unknown, path: string): unknown => {
    if (node === null || node === undefined) return node
    if (isLeaf(node)) return f(node, path)
    if (Array.isArray(node)) return node.map((child, index) => walk(child, join(path, index)))
    if (typeof node === 'object') return Object.fromEntries(Object.entries(node).map(([key, child]) => [key, walk(child, join(path, key))]))
    throw new TreeError({ operation: 'tree', operand: path || 'root', expected: 'a leaf, an array or a record', found: typeof node })
  }
  return walk(tree, '')
}

/** The tensors of a tree, in order. */
export const tensorsOf = (tree: unknown): readonly Tensor[] => leavesOf(tree, isTensor).map(({ leaf }) => leaf)

/** `tree` with its tensors replaced, in order, by those of `replacements`. Throws `TreeError` where their numbers differ. */
export const replaceTensors = <T>(tree: T, replacements: readonly Tensor[]): T => {
  let next = 0
  const result = mapLeaves(tree, isTensor, (_leaf, path) => {
    const replacement = replacements[next++]
    if (replacement === undefined) {
      throw new TreeError({ operation: 'replaceTensors', operand: path, expected: 'a tensor for every leaf', found: `${replacements.length} tensors` })
    }
    return replacement
  })
  if (next !== replacements.length) {
    throw new TreeError({ operation: 'replaceTensors', operand: 'root', expected: `${next} tensors`, found: `${replacements.length}` })
  }
  // Every leaf that was a tensor is a tensor again and nothing else changed, so the type is T's.
  return result as T
}
