import type { HostValue } from '@tabula/tensor'
import fc from 'fast-check'
import { shapes } from './shapes.js'
import type { ShapeLimits } from './shapes.js'
import { tensors } from './values.js'
import type { NumberKind } from './values.js'

/** A tree of parameters: arrays and records of any depth, with leaves of one kind. */
export type ParameterTree<Leaf> = Leaf | readonly ParameterTree<Leaf>[] | { readonly [key: string]: ParameterTree<Leaf> }

/** Limits of random trees. */
export interface TreeLimits {
  /** Most levels of arrays and records (2). */
  readonly maxDepth?: number
  /** Most entries of each (3); an array or a record may be empty. */
  readonly maxBreadth?: number
}

const names = ['weight', 'bias', 'scale', 'shift', 'layers']

/** Trees of leaves drawn from an arbitrary: a leaf by itself, arrays and records. They shrink to flatter and smaller trees. */
export const trees = <Leaf>(leaf: fc.Arbitrary<Leaf>, { maxDepth = 2, maxBreadth = 3 }: TreeLimits = {}): fc.Arbitrary<ParameterTree<Leaf>> => {
  const level = (depth: number): fc.Arbitrary<ParameterTree<Leaf>> => {
    if (depth === 0) return leaf
    const below = level(depth - 1)
    return fc.oneof(
      { withCrossShrink: true },
      leaf,
      fc.array(below, { maxLength: maxBreadth }),
      fc.dictionary(fc.constantFrom(...names), below, { maxKeys: maxBreadth, noNullPrototype: true })
    )
  }
  return level(maxDepth)
}

/**
 * Trees of `f32` values of random shapes, such as a network's parameters. The compiler does not know their structure, so checks take
 * them as `unknown`: `checkLaws<unknown>(f, { at })`.
 */
export const parameterTrees = (
  limits: TreeLimits & ShapeLimits & { readonly numbers?: NumberKind } = {}
): fc.Arbitrary<ParameterTree<HostValue<'f32'>>> => trees(shapes(limits).chain((shape) => tensors(shape, limits.numbers)), limits)
