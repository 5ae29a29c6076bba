import { either as E } from 'fp-ts'
import { graphOf } from '../../src/graph/graph.js'
import type { Graph } from '../../src/graph/graph.js'
import { placeholder } from '../../src/graph/trace.js'
import type { Tensor } from '../../src/node.js'
import type { HostValue } from '../../src/value.js'

/** What a task answers; throws what it fails with. */
export const take = async <L, A>(task: () => Promise<E.Either<L, A>>): Promise<A> => {
  const result = await task()
  if (E.isLeft(result)) throw new Error(JSON.stringify(result.left))
  return result.right
}

/** A function of tensors as a graph whose inputs have the values' shapes and types. */
export const program = (inputs: readonly HostValue[], f: (...operands: readonly Tensor[]) => readonly Tensor[]): Graph => {
  const parameters = inputs.map((input, index) => placeholder(`x${index}`, input))
  return graphOf(parameters, f(...parameters))
}
