import { isTensor, mapLeaves, placeholder, ShapeError, showShape, TreeError } from '@tabula/tensor'
import type { Dim, Tensor } from '@tabula/tensor'
import { within } from './tree.js'
import { moveAxis, repeated } from './vmap/axes.js'
import { batch } from './vmap/batch.js'
import { mapByAxis } from './vmap/prefix.js'
import type { Named } from './vmap/prefix.js'
import type { ArgumentAxes, AxesOf, Batched, BatchedArguments } from './vmap/types.js'

/** Where the examples are in arguments and results. */
export interface VmapOptions<In, Out> {
  /** The mapped axis of each argument's tensors; `null` for what is the same for every example (0). */
  readonly inAxes?: In
  /** Where the mapped axis goes in each result (0). */
  readonly outAxes?: Out
  /** How many examples there are; needed only where no argument is mapped. */
  readonly axisSize?: number
}

/** A mapped tensor of the arguments, and what stands for it in one example. */
interface Mapped {
  readonly path: string
  readonly tensor: Tensor
  readonly axis: number
  readonly example: Tensor
}

/** A tensor of one example's results, and where the batch goes in it. */
interface Result {
  readonly path: string
  readonly tensor: Tensor
  readonly axis: number | null
}

const argumentTree: Named = { root: 'arguments', option: 'inAxes', remedy: 'give null for it in inAxes' }
const resultTree: Named = { root: 'result', option: 'outAxes', remedy: 'answer nothing but tensors' }

/** An axis counted from 0, of a tensor of some rank. Throws `ShapeError` where it has none. */
const axisOf = (option: string, path: string, axis: number, rank: number, { shape }: Tensor): number => {
  if (Number.isInteger(axis) && axis >= -rank && axis < rank) return axis < 0 ? axis + rank : axis
  const expected = rank === 0 ? `a tensor with an axis ${axis}` : `an axis in [${-rank}, ${rank}) for a tensor of shape ${showShape(shape)}`
  const remedy = rank === 0 ? `give null for it in ${option} if it is the same for every example` : `change ${option}`
  throw new ShapeError({ operation: 'vmap', operand: path, expected, found: rank === 0 ? showShape(shape) : String(axis), remedy })
}

/** The arguments of one example, and the mapped tensors from which theirs are taken. */
const oneExample = (batches: readonly unknown[], axes: unknown): { readonly example: unknown; readonly mapped: readonly Mapped[] } => {
  const mapped: Mapped[] = []
  const example = mapByAxis(batches, axes, argumentTree, {
    mapped: (tensor, given, path) => {
      const axis = axisOf('inAxes', path, given, tensor.shape.length, tensor)
      const shape = tensor.shape.filter((_, position) => position !== axis)
      const ofOne = placeholder(path, { shape, dtype: tensor.dtype })
      mapped.push({ path, tensor, axis, example: ofOne })
      return ofOne
    },
    shared: (subtree) => subtree
  })
  return { example, mapped }
}

/** The one size of all mapped axes. */
const commonSize = (mapped: readonly Mapped[], axisSize: number | undefined): number => {
  if (axisSize !== undefined && !(Number.isInteger(axisSize) && axisSize >= 0)) {
    throw new ShapeError({ operation: 'vmap', operand: 'axisSize', expected: 'a whole number of examples', found: String(axisSize) })
  }
  const named = axisSize === undefined ? [] : [{ name: 'axisSize', size: axisSize }]
  const sizes = [...named, ...mapped.map(({ path, tensor, axis }) => ({ name: `${path}, axis ${axis}`, size: tensor.shape[axis] ?? 0 }))]
  const [first] = sizes
  if (first === undefined) {
    const remedy = 'give the option axisSize to repeat what is the same for every example'
    throw new TreeError({ operation: 'vmap', operand: 'inAxes', expected: 'an axis for at least one tensor', found: 'none', remedy })
  }
  const other = sizes.find(({ size }) => size !== first.size)
  if (other !== undefined) {
    const remedy = 'map axes of one size, and give null in inAxes for what is the same for every example'
    const expected = `${first.size} examples, as ${first.name}`
    throw new ShapeError({ operation: 'vmap', operand: other.name, expected, found: String(other.size), remedy })
  }
  return first.size
}

/** A tree of results with each tensor replaced, given where the batch goes in it. */
const mapResults = (tree: unknown, axes: unknown, f: (result: Result) => Tensor): unknown =>
  mapByAxis(tree, axes, resultTree, {
    mapped: (tensor, given, path) => f({ path, tensor, axis: axisOf('outAxes', path, given, tensor.shape.length + 1, tensor) }),
    shared: (subtree, path) => mapLeaves(subtree, isTensor, (tensor, inner) => f({ path: within(path, inner), tensor, axis: null }))
  })

/** A result with the batch where it is wanted. */
const placed = ({ path, axis }: Result, tensor: Tensor, isBatched: boolean, size: number): Tensor => {
  if (axis !== null) return moveAxis(isBatched ? tensor : repeated(tensor, size), 0, axis)
  if (!isBatched) return tensor
  const expected = 'a result that no mapped argument has a part in, as its axis is null'
  throw new ShapeError({ operation: 'vmap', operand: path, expected, found: 'one for each example', remedy: 'give it an axis in outAxes' })
}

/**
 * f for a whole batch: f of every example along an axis of the arguments, stacked along an axis of the results. The answer is one
 * program without loops: each operation of f is applied to all examples at once, and what does not rest on a mapped argument is computed
 * once. f sees the shapes of one example and is called once.
 *
 * Arguments and results are trees of tensors. `inAxes` and `outAxes` (0) are an axis for all tensors, or a tree in which an axis or `null`
 * stands for everything below. Arguments with `null` are handed to f as they are and may be anything.
 *
 * Composes with itself and with every derivative: `vmap(grad(f))` answers the gradient of every example.
 *
 * Throws `TreeError` where the axes do not fit the tree, and `ShapeError` where a tensor has no such axis, where sizes disagree, or where
 * a result with `null` is not the same for every example. Each names the leaf's path.
 */
export const vmap =
  <A extends readonly unknown[], R, const In extends ArgumentAxes<A> = 0, const Out extends AxesOf<R> = 0>(
    f: (...example: A) => R,
    { inAxes, outAxes, axisSize }: VmapOptions<In, Out> = {}
  ) =>
  <B extends Dim>(...batches: BatchedArguments<A, In, B>): Batched<R, Out, B> => {
    const { example, mapped } = oneExample(batches, inAxes ?? 0)
    const size = commonSize(mapped, axisSize)
    // The arguments with the mapped axes taken from their tensors: what f takes.
    const result = f(...(example as A))
    const results: Result[] = []
    mapResults(result, outAxes ?? 0, (leaf) => {
      results.push(leaf)
      return leaf.tensor
    })
    const values = { tensors: mapped.map(({ tensor, axis }) => moveAxis(tensor, axis, 0)), batched: mapped.map(() => true) }
    const found = batch(
      results.map(({ tensor }) => tensor),
      mapped.map((leaf) => leaf.example),
      values,
      size
    )
    let next = 0
    // f's result with the batch put into every tensor with an axis: what `Batched` states.
    return mapResults(result, outAxes ?? 0, (leaf) => {
      const index = next++
      return placed(leaf, found.tensors[index] ?? leaf.tensor, found.batched[index] === true, size)
    }) as Batched<R, Out, B>
  }
