import type { Dtype } from '../dtype.js'
import { TreeError } from '../errors.js'
import { bind } from '../bind.js'
import type { Abstract, Tensor } from '../node.js'
import type { Graph } from './graph.js'
import { graphOf } from './graph.js'
import { isHostValue, isTensor, leavesOf, mapLeaves, tensorsOf } from '../tree.js'
import type { TensorsOf } from '../tree.js'

/** A placeholder for a value of the given type and shape. */
export const placeholder = <D extends Dtype>(name: string, { shape, dtype }: Abstract<D>): Tensor<readonly number[], D> =>
  // The input rule answers the attributes' own shape and type.
  bind('input', { name, shape, dtype }) as Tensor<readonly number[], D>

/** A traced function: its closed program, and what its result looks like. */
export interface Traced<Result> {
  readonly graph: Graph
  /** The function's result, whose tensors are the graph's outputs in order. */
  readonly result: Result
}

/**
 * Runs `f` once on placeholders shaped like the leaves of `example` (host values or tensors) and closes the program it builds.
 * Throws what `f` throws (`ShapeError`, `DtypeError`) and `TreeError` where the result holds something else than tensors.
 */
export const trace = <Arguments, Result>(f: (args: TensorsOf<Arguments>) => Result, example: Arguments): Traced<Result> => {
  const isLeaf = (x: unknown): x is Abstract => isHostValue(x) || isTensor(x)
  const leaves = leavesOf(example, isLeaf)
  const inputs = leaves.map(({ path, leaf }) => placeholder(path === '' ? 'x' : path, { shape: leaf.shape, dtype: leaf.dtype }))
  let next = 0
  const placeholders = mapLeaves(example, isLeaf, (_leaf, path) => {
    const input = inputs[next++]
    if (input === undefined) throw new TreeError({ operation: 'trace', operand: path, expected: 'a placeholder', found: 'none' })
    return input
  })
  // Every leaf of the example became a tensor of its type; that is what TensorsOf states.
  const result = f(placeholders as TensorsOf<Arguments>)
  return { graph: graphOf(inputs, tensorsOf(result)), result }
}
