import { isHostValue, leavesOf, mapLeaves, sameShape, showShape } from '@tabula/tensor'
import type { HostValue } from '@tabula/tensor'
import { either as E } from 'fp-ts'

/** Values by name, as in a PyTorch state dict or a safetensors file. */
export type StateDict = Readonly<Record<string, HostValue>>

/** A name for a leaf's dotted path; where a tree's paths are PyTorch's names already, the path itself. */
export type Naming = (path: string) => string

/** What keeps a state dict from filling a tree: all of it at once. */
export interface StateDictError {
  readonly _tag: 'StateDictError'
  /** Names that the tree has and the dict lacks. */
  readonly missing: readonly string[]
  /** Names that the dict has and the tree lacks. */
  readonly unexpected: readonly string[]
  /** Leaves of another shape or type. */
  readonly mismatched: readonly { readonly name: string; readonly expected: string; readonly found: string }[]
  readonly message: string
}

const same: Naming = (path) => path

/** The values of a tree as a flat record of names. */
export const toStateDict = (tree: unknown, naming: Naming = same): StateDict =>
  Object.fromEntries(leavesOf(tree, isHostValue).map(({ path, leaf }) => [naming(path), leaf]))

/** How a state dict is read. */
export interface FromStateDictOptions {
  readonly naming?: Naming
  /** Names of the dict that may be left over, such as `num_batches_tracked`; by default those alone. */
  readonly ignored?: (name: string) => boolean
}

const show = ({ dtype, shape }: HostValue): string => `${dtype}${showShape(shape)}`

/**
 * The tree with each value replaced by the dict's value of that name. `Left` lists everything that does not fit: missing and
 * unexpected names, shapes and types.
 */
export const fromStateDict =
  ({ naming = same, ignored = (name) => name.endsWith('num_batches_tracked') }: FromStateDictOptions = {}) =>
  <T>(tree: T, dict: StateDict): E.Either<StateDictError, T> => {
    const leaves = leavesOf(tree, isHostValue).map(({ path, leaf }) => ({ name: naming(path), leaf }))
    const names = new Set(leaves.map(({ name }) => name))
    const found = new Map(Object.entries(dict))
    const missing = leaves.filter(({ name }) => !found.has(name)).map(({ name }) => name)
    const unexpected = [...found.keys()].filter((name) => !names.has(name) && !ignored(name))
    const mismatched = leaves.flatMap(({ name, leaf }) => {
      const value = found.get(name)
      return value === undefined || (value.dtype === leaf.dtype && sameShape(value.shape, leaf.shape)) ? [] : [{ name, expected: show(leaf), found: show(value) }]
    })
    if (missing.length + unexpected.length + mismatched.length > 0) {
      const message = [
        ...missing.map((name) => `"${name}" is missing`),
        ...unexpected.map((name) => `"${name}" has no place in the tree`),
        ...mismatched.map(({ name, expected, found: actual }) => `"${name}": expected ${expected}, found ${actual}`)
      ].join('; ')
      return E.left({ _tag: 'StateDictError', missing, unexpected, mismatched, message: `The weights do not fit the network: ${message}.` })
    }
    // Values became values of the same shape and type.
    return E.right(mapLeaves(tree, isHostValue, (leaf, path) => found.get(naming(path)) ?? leaf) as T)
  }
