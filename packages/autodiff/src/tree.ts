import { DtypeError, isTensor, leavesOf, sameShape, ShapeError, showShape, TreeError } from '@tabula/tensor'
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

/**
 * The tensors of the tree to differentiate with respect to. Throws `TreeError` at leaves that are no tensors and `DtypeError`
 * at tensors that are not `f32`.
 */
export const differentiableLeaves = (operation: string, tree: unknown): readonly Tensor[] =>
  leavesOf(tree, isTensor).map(({ path, leaf }) => {
    if (leaf.dtype === 'f32') return leaf
    throw new DtypeError({
      operation,
      operand: within('parameters', path),
      expected: 'f32, as only floating-point tensors have derivatives (pass others as further arguments)',
      found: leaf.dtype
    })
  })

/**
 * The cotangents of a result's tensors, in order. Throws `TreeError` where the structures differ, `ShapeError` and `DtypeError`
 * where a cotangent does not fit its tensor; each names the path.
 */
export const cotangentLeaves = (operation: string, result: unknown, cotangents: unknown): readonly Cotangent[] => {
  const found: Cotangent[] = []
  const walk = (node: unknown, cotangent: unknown, path: string): void => {
    if (isTensor(node)) found.push(cotangentOf(operation, node, cotangent, within('cotangents', path)))
    else if (node === null || node === undefined)
      requireStructure(operation, path, cotangent === null || cotangent === undefined, 'nothing', cotangent)
    else if (Array.isArray(node)) {
      const same = Array.isArray(cotangent) && cotangent.length === node.length
      requireStructure(operation, path, same, `an array of ${node.length}`, cotangent)
      node.forEach((child, index) => walk(child, childOf(cotangent, String(index)), join(path, String(index))))
    } else {
      const keys = Object.keys(node)
      const isRecord = typeof cotangent === 'object' && cotangent !== null && !Array.isArray(cotangent) && !isTensor(cotangent)
      const same = isRecord && Object.keys(cotangent).length === keys.length && keys.every((key) => Object.hasOwn(cotangent, key))
      requireStructure(operation, path, same, `a record of ${keys.join(', ')}`, cotangent)
      for (const key of keys) walk(childOf(node, key), childOf(cotangent, key), join(path, key))
    }
  }
  walk(result, cotangents, '')
  return found
}

const join = (path: string, key: string): string => (path === '' ? key : `${path}.${key}`)

const childOf = (parent: unknown, key: string): unknown =>
  typeof parent === 'object' && parent !== null ? Object.entries(parent).find(([name]) => name === key)?.[1] : undefined

const requireStructure = (operation: string, path: string, holds: boolean, expected: string, found: unknown): void => {
  if (!holds) throw new TreeError({ operation, operand: within('cotangents', path), expected, found: describe(found) })
}

const describe = (node: unknown): string => {
  if (node === null || node === undefined) return 'nothing'
  if (isTensor(node)) return `a tensor ${node.dtype}${showShape(node.shape)}`
  if (Array.isArray(node)) return `an array of ${node.length}`
  return typeof node === 'object' ? `a record of ${Object.keys(node).join(', ')}` : typeof node
}

const cotangentOf = (operation: string, tensor: Tensor, cotangent: unknown, operand: string): Cotangent => {
  if (cotangent === null || cotangent === undefined) return undefined
  if (!isTensor(cotangent)) {
    throw new TreeError({
      operation,
      operand,
      expected: `a tensor of shape ${showShape(tensor.shape)} or null`,
      found: describe(cotangent)
    })
  }
  if (!sameShape(cotangent.shape, tensor.shape)) {
    throw new ShapeError({ operation, operand, expected: showShape(tensor.shape), found: showShape(cotangent.shape) })
  }
  if (tensor.dtype !== 'f32') {
    throw new DtypeError({
      operation,
      operand,
      expected: `null, as a ${tensor.dtype} result has no derivative`,
      found: cotangent.dtype
    })
  }
  if (cotangent.dtype !== 'f32') throw new DtypeError({ operation, operand, expected: 'f32', found: cotangent.dtype })
  return cotangent
}
