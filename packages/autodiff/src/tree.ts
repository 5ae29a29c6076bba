import { DtypeError, isHostValue, isTensor, leavesOf, sameShape, ShapeError, showShape, TreeError } from '@tabula/tensor'
import type { Shape, Tensor } from '@tabula/tensor'
import type { Cotangent } from './vjp/rule.js'

/**
 * The type of a result's cotangents: the same tree, in which `null` is a cotangent of zero. Integers and truth values have no
 * other.
 */
export type CotangentsOf<R> =
  R extends Tensor<Shape, infer D>
    ? [D] extends ['f32']
      ? R | null
      : 'f32' extends D
        ? R | null
        : null
    : R extends null | undefined
      ? R
      : R extends object
        ? { readonly [K in keyof R]: CotangentsOf<R[K]> }
        : R

/** The path of a leaf, for messages. */
export const within = (root: string, path: string): string => (path === '' ? root : `${root}.${path}`)

/** What a node of a tree is, for messages. */
export const describe = (node: unknown): string => {
  if (node === null || node === undefined) return 'nothing'
  if (isTensor(node)) return `a tensor ${node.dtype}${showShape(node.shape)}`
  if (isHostValue(node)) return `a host value ${node.dtype}${showShape(node.shape)}`
  if (Array.isArray(node)) return `an array of ${node.length}`
  if (typeof node !== 'object') return `a ${typeof node}`
  const keys = Object.keys(node)
  return keys.length === 0 ? 'an empty record' : `a record of ${keys.join(', ')}`
}

/** A tensor of a tree, and where it is, root included. */
export interface NamedLeaf {
  readonly name: string
  readonly tensor: Tensor
}

const isLeaf = (node: unknown): node is unknown => isTensor(node) || isHostValue(node) || typeof node !== 'object'

/** The tensors of a tree with their names, which begin with `root`. Throws `TreeError` at leaves that are no tensors. */
export const namedLeaves = (operation: string, root: string, tree: unknown, remedy: string): readonly NamedLeaf[] =>
  leavesOf(tree, isLeaf).map(({ path, leaf }) => {
    const name = within(root, path)
    if (isTensor(leaf)) return { name, tensor: leaf }
    const make = isHostValue(leaf) ? 'make it a tensor with constant(…)' : remedy
    throw new TreeError({ operation, operand: name, expected: 'a tensor', found: describe(leaf), remedy: make })
  })

const asFurtherArgument = 'pass what is not differentiated as a further argument'

/**
 * The tensors of the tree to differentiate with respect to. Throws `TreeError` at leaves that are no tensors and `DtypeError`
 * at tensors that are not `f32`.
 */
export const differentiableLeaves = (operation: string, tree: unknown, root = 'parameters'): readonly NamedLeaf[] =>
  namedLeaves(operation, root, tree, asFurtherArgument).map((leaf) => {
    const { dtype } = leaf.tensor
    if (dtype === 'f32') return leaf
    const expected = 'f32, as only floating-point tensors have derivatives'
    throw new DtypeError({ operation, operand: leaf.name, expected, found: dtype, remedy: asFurtherArgument })
  })

/** The tensors of what a differentiated function answers. Throws `TreeError` at leaves that are no tensors. */
export const resultLeaves = (operation: string, result: unknown, root = 'result'): readonly NamedLeaf[] =>
  namedLeaves(operation, root, result, 'answer nothing but tensors, and let other values leave the function by themselves')

/**
 * The cotangents (or, with that `root`, the tangents) of a tree's tensors, in order. Throws `TreeError` where the structures differ,
 * `ShapeError` and `DtypeError` where one does not fit its tensor; each names the path.
 */
export const cotangentLeaves = (operation: string, tree: unknown, cotangents: unknown, root = 'cotangents'): readonly Cotangent[] => {
  const found: Cotangent[] = []
  const requireStructure = (path: string, holds: boolean, node: unknown, cotangent: unknown): void => {
    if (holds) return
    const remedy = `give a tree of the same structure, with null where the ${singular(root)} is zero`
    throw new TreeError({ operation, operand: within(root, path), expected: describe(node), found: describe(cotangent), remedy })
  }
  const walk = (node: unknown, cotangent: unknown, path: string): void => {
    if (isTensor(node)) found.push(cotangentOf(operation, node, cotangent, within(root, path), singular(root)))
    else if (node === null || node === undefined) requireStructure(path, cotangent === null || cotangent === undefined, node, cotangent)
    else if (Array.isArray(node)) {
      requireStructure(path, Array.isArray(cotangent) && cotangent.length === node.length, node, cotangent)
      node.forEach((child, index) => walk(child, childOf(cotangent, String(index)), join(path, String(index))))
    } else {
      const keys = Object.keys(node)
      const isRecord = typeof cotangent === 'object' && cotangent !== null && !Array.isArray(cotangent) && !isTensor(cotangent)
      const same = isRecord && Object.keys(cotangent).length === keys.length && keys.every((key) => Object.hasOwn(cotangent, key))
      requireStructure(path, same, node, cotangent)
      for (const key of keys) walk(childOf(node, key), childOf(cotangent, key), join(path, key))
    }
  }
  walk(tree, cotangents, '')
  return found
}

const singular = (root: string): string => root.replace(/s$/, '')

const join = (path: string, key: string): string => (path === '' ? key : `${path}.${key}`)

const childOf = (parent: unknown, key: string): unknown =>
  typeof parent === 'object' && parent !== null ? Object.entries(parent).find(([name]) => name === key)?.[1] : undefined

const cotangentOf = (operation: string, tensor: Tensor, cotangent: unknown, operand: string, what: string): Cotangent => {
  if (cotangent === null) return undefined
  const expected = `${describe(tensor)} or null`
  if (tensor.dtype !== 'f32') {
    const reason = `null, as ${tensor.dtype} tensors have no ${what}s`
    throw new DtypeError({ operation, operand, expected: reason, found: isTensor(cotangent) ? cotangent.dtype : describe(cotangent) })
  }
  if (!isTensor(cotangent)) {
    const remedy = isHostValue(cotangent) ? 'make it a tensor with constant(…)' : `null stands for a ${what} of zero`
    throw new TreeError({ operation, operand, expected, found: describe(cotangent), remedy })
  }
  if (cotangent.dtype !== 'f32') {
    throw new DtypeError({ operation, operand, expected: 'f32', found: cotangent.dtype, remedy: "convert it with cast('f32')" })
  }
  if (!sameShape(cotangent.shape, tensor.shape)) {
    const remedy = `a ${what} has its tensor's own shape; nothing is broadcast`
    throw new ShapeError({ operation, operand, expected: showShape(tensor.shape), found: showShape(cotangent.shape), remedy })
  }
  return cotangent
}
