import { isHostValue, isTensor, leavesOf, mapLeaves, TreeError } from '@tabula/tensor'
import type { HostValue, PathLeaf, Shape, Tensor } from '@tabula/tensor'

/** A leaf of a parameter tree: an expression while a program is built, numbers otherwise. */
export type Parameter = Tensor<Shape, 'f32'>

/** The tree of a layer without parameters, or without state. */
export type NoLeaves = Readonly<Record<never, never>>

const isLeaf = (x: unknown): x is Tensor | HostValue => isTensor(x) || isHostValue(x)

const leafAt = <Leaf>(operation: string, found: Leaf | undefined, path: string): Leaf => {
  if (found === undefined) throw new TreeError({ operation, operand: path, expected: 'a leaf at the same path of every tree', found: 'none' })
  return found
}

/** The tree with f applied to each `f32` tensor and its dotted path. */
export const mapTree = <T>(tree: T, f: (leaf: Parameter, path: string) => Parameter): T =>
  // Tensors became tensors and nothing else changed, so the type is the tree's.
  mapLeaves(tree, isTensor, (leaf: Tensor, path) => f(leaf as Parameter, path)) as T

/**
 * The first tree with each leaf replaced by f of it and of the leaves at the same path of the others. Throws `TreeError` where
 * the trees' paths differ.
 */
export const zipTrees = <T>(first: T, others: readonly T[], f: (leaves: readonly [Parameter, ...Parameter[]], path: string) => Parameter): T => {
  const maps = others.map((tree) => new Map(leavesOf(tree, isTensor).map(({ path, leaf }) => [path, leaf as Parameter])))
  const count = leavesOf(first, isTensor).length
  maps.forEach((map) => {
    if (map.size !== count) {
      throw new TreeError({ operation: 'zipTrees', operand: 'root', expected: `${count} leaves`, found: `${map.size} leaves` })
    }
  })
  return mapTree(first, (leaf, path) => f([leaf, ...maps.map((map) => leafAt('zipTrees', map.get(path), path))], path))
}

/** The leaves combined from first to last. */
export const foldTree = <R>(tree: unknown, initial: R, f: (accumulated: R, leaf: Parameter, path: string) => R): R =>
  leavesOf(tree, isTensor).reduce((accumulated, { path, leaf }) => f(accumulated, leaf as Parameter, path), initial)

/** The dotted paths of a tree's leaves (tensors or values), in order: the parameters' names. */
export const pathsOf = (tree: unknown): readonly string[] => leavesOf<Tensor | HostValue>(tree, isLeaf).map(({ path }) => path)

/** A tree in two: both keep the structure, and a leaf is `null` in the half it does not belong to. */
export interface Partition<T> {
  readonly selected: PartOf<T>
  readonly rest: PartOf<T>
}

/** `T` with leaves that may be missing. */
export type PartOf<T> = T extends Tensor | HostValue ? T | null : T extends object ? { readonly [K in keyof T]: PartOf<T[K]> } : T

/** Splits a tree (of tensors or of values) by its leaves' paths, such as into trainable and frozen parameters. */
export const partition = <T>(tree: T, belongs: (path: string) => boolean): Partition<T> => {
  const half = (keep: boolean): PartOf<T> =>
    // A leaf stayed as it is or became null; that is what PartOf states.
    mapLeaves<Tensor | HostValue, unknown>(tree, isLeaf, (leaf, path) => (belongs(path) === keep ? leaf : null)) as PartOf<T>
  return { selected: half(true), rest: half(false) }
}

/** The inverse of `partition`. Throws `TreeError` at a leaf that is in neither half. */
export const combine = <T>({ selected, rest }: Partition<T>): T => {
  const merge = (a: unknown, b: unknown, path: string): unknown => {
    if (isLeaf(a)) return a
    if (isLeaf(b)) return b
    if (a === null || a === undefined || b === null || b === undefined) return leafAt<unknown>('combine', undefined, path || 'root')
    if (Array.isArray(a) && Array.isArray(b)) return a.map((child, index) => merge(child, b[index], `${path}.${index}`))
    const other = new Map(Object.entries(b))
    return Object.fromEntries(Object.entries(a).map(([key, child]) => [key, merge(child, other.get(key), path === '' ? key : `${path}.${key}`)]))
  }
  // Both halves have T's structure and one of them has each leaf.
  return merge(selected, rest, '') as T
}

/** The values of a tree with their dotted paths, in order. */
export const valuesOf = (tree: unknown): readonly PathLeaf<HostValue>[] => leavesOf(tree, isHostValue)

/** The number of elements in all leaves. */
export const countParameters = (tree: unknown): number =>
  leavesOf<Tensor | HostValue>(tree, isLeaf).reduce((count, { leaf }) => count + leaf.shape.reduce((a, b) => a * b, 1), 0)
