import { bindAll } from '@tabula/tensor'
import { at } from '../expression.js'
import { moveAxis, repeated } from './axes.js'
import type { ApplyToBatch } from './rule.js'
import { batchGraph, closed } from './structure.js'
import type { BatchedGraph } from './structure.js'

/**
 * The loop of the batched body. A carry is batched from the first step on where a step makes it so. The batch is the second axis of what
 * is sliced and stacked, behind the steps.
 */
export const scanRule: ApplyToBatch<'scan'> = ({ attributes, inputs, batched, size, batch }) => {
  const { body, constants, carries } = attributes
  const isCarry = (index: number): boolean => index >= constants && index < constants + carries
  const settled = (many: readonly boolean[]): { readonly many: readonly boolean[]; readonly graph: BatchedGraph } => {
    const graph = batchGraph(body, many, size, batch)
    const next = many.map((isMany, index) => isMany || (isCarry(index) && graph.results.batched[index - constants] === true))
    return next.every((isMany, index) => isMany === many[index]) ? { many, graph } : settled(next)
  }
  const { many, graph } = settled(batched)
  const wanted = graph.results.batched.map((isMany, index) => (index < carries ? many[constants + index] === true : isMany))
  const operands = inputs.map((input, index) => {
    if (isCarry(index)) return many[index] === true && batched[index] !== true ? repeated(input, size) : input
    return index >= constants && batched[index] === true ? moveAxis(input, 0, 1) : input
  })
  const outputs = bindAll('scan', { ...attributes, body: closed(graph, wanted, size) }, ...operands)
  return {
    tensors: outputs.map((output, index) => (index >= carries && wanted[index] === true ? moveAxis(at(outputs, index), 1, 0) : output)),
    batched: wanted
  }
}
