import { bind, bindAll } from '../../../bind.js'
import { graphOf } from '../../../graph/graph.js'
import type { Graph } from '../../../graph/graph.js'
import { placeholder } from '../../../graph/trace.js'
import type { Abstract, Node, Tensor } from '../../../node.js'
import { integers } from '../../../value.js'
import type { Program, Stack } from '../lower/recipe.js'

/** Slices that are joined at once: a kernel reads no more arrays in every mode. */
const width = 5

/** One round of a loop: its body, which reads its slices out of all of xs at the position that it is given. */
export const roundOf = ({ attributes: { body, constants, carries, length }, inputs }: Node<'scan'>): Graph => {
  const kept = body.inputs.slice(0, constants + carries).map((input, index) => placeholder(`x${index}`, input))
  const xs = inputs.slice(constants + carries).map((input, index) => placeholder(`xs${index}`, input))
  const position = placeholder('position', { shape: [], dtype: 'i32' })
  // What is known to be in range needs no guard.
  const within = bind('minimum', {}, bind('maximum', {}, position, bind('constant', { value: integers([], [0]) })), bind('constant', { value: integers([], [length - 1]) }))
  const slices = xs.map((x) => bind('gather', { axis: 0, batchDims: 0 }, x, within))
  return graphOf([...kept, ...xs, position], bindAll('call', { name: 'body', graph: body }, ...kept, ...slices))
}

/** Parts of so many slices each, joined in order of position. */
const joined = (slice: Abstract, sizes: readonly number[], reverse: boolean): Graph => {
  const parts = sizes.map((size, index) => placeholder(`part${index}`, { dtype: slice.dtype, shape: size === 0 ? slice.shape : [size, ...slice.shape] }))
  const blocks = parts.map((part, index): Tensor => (sizes[index] === 0 ? bind('reshape', { shape: [1, ...slice.shape] }, part) : part))
  const [only] = blocks
  return graphOf(parts, [blocks.length === 1 && only !== undefined ? only : bind('concatenate', { axis: 0 }, ...(reverse ? blocks.toReversed() : blocks))])
}

/** How `length` slices are stacked. Slices are of level 0; a part of level k is made of `width`^k of them. */
export const stackOf = (slice: Abstract, length: number, reverse: boolean, programOf: (graph: Graph) => Program): Stack => {
  const groups: Program[] = []
  const rest: number[] = []
  let [count, size] = [length, 0]
  for (let level = 0; count > 0; level++) {
    rest.unshift(...Array.from({ length: count % width }, () => size))
    count = Math.floor(count / width)
    if (count > 0) groups.push(programOf(joined(slice, Array.from({ length: width }, () => size), reverse)))
    size = width ** (level + 1)
  }
  return { width, groups, rest: programOf(joined(slice, rest, reverse)) }
}
