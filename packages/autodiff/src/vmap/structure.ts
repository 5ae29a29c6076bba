import { bind, bindAll, graphOf, placeholder } from '@tabula/tensor'
import type { CustomJvp, CustomVjp, Graph, Tensor } from '@tabula/tensor'
import { at, reduceSum, reshape, select } from '../expression.js'
import { allBatched, integer, repeated, withBatch } from './axes.js'
import type { ApplyToBatch, Batch, BatchThrough } from './rule.js'

/** Results wait for what they wait for, whether it is batched or not. */
export const barrierRule: ApplyToBatch<'barrier'> = ({ attributes, inputs, batched }) => ({
  tensors: bindAll('barrier', attributes, ...inputs),
  batched: batched.slice(0, -1)
})

/** Each example's sum over replicas, all in one collective. */
export const allReduceRule: ApplyToBatch<'allReduce'> = ({ attributes, inputs }) =>
  allBatched([bind('allReduce', attributes, at(inputs, 0))])

/** A graph over placeholders of its own for a batch, before it is known which results are to be batched. */
export interface BatchedGraph {
  readonly inputs: readonly Tensor[]
  readonly results: Batch
}

/** A graph over placeholders of its own, with the batch in those that are `batched`. */
export const batchGraph = (graph: Graph, batched: readonly boolean[], size: number, batch: BatchThrough): BatchedGraph => {
  const inputs = graph.inputs.map(({ shape, dtype }, index) =>
    placeholder(`operand ${index}`, { shape: batched[index] === true ? [size, ...shape] : shape, dtype })
  )
  return { inputs, results: batch(graph.outputs, graph.inputs, { tensors: inputs, batched }, size) }
}

/** Closed, with the batch in all results that are to have it. */
export const closed = ({ inputs, results }: BatchedGraph, wanted: readonly boolean[], size: number): Graph =>
  graphOf(
    inputs,
    results.tensors.map((result, index) =>
      wanted[index] === true && results.batched[index] !== true ? repeated(result, size) : result
    )
  )

/**
 * The call of the batched graph. Derivative rules that the call brings are batched too, so that the derivative of the batch is the batch
 * of derivatives; all results are batched then, as a rule may let any of them depend on any operand.
 */
export const callRule: ApplyToBatch<'call'> = ({ attributes, inputs, batched, size, batch }) => {
  const { graph, vjp, jvp } = attributes
  const many = batchGraph(graph, batched, size, batch)
  const custom = vjp !== undefined || jvp !== undefined
  const wanted = custom ? graph.outputs.map(() => true) : many.results.batched
  const one = { graph, batched, size, batch }
  const rules = {
    ...(vjp === undefined ? {} : { vjp: batchedVjp(vjp, one) }),
    ...(jvp === undefined ? {} : { jvp: batchedJvp(jvp, one) })
  }
  return { tensors: bindAll('call', { ...attributes, ...rules, graph: closed(many, wanted, size) }, ...inputs), batched: wanted }
}

/** A call as it is for one example, and which of its operands are batched. */
interface OneCall {
  readonly graph: Graph
  readonly batched: readonly boolean[]
  readonly size: number
  readonly batch: BatchThrough
}

/** A rule's answer for the whole batch. */
interface Answer {
  readonly tensor: Tensor
  readonly isBatched: boolean
}

/** A rule applied to one example of its arguments (the last of which are like `like`), for the batch of them. */
const answersOf = (
  rule: CustomVjp | CustomJvp,
  { graph, size, batch }: OneCall,
  like: readonly Tensor[],
  values: Batch
): readonly (Answer | undefined)[] => {
  const [operands, results] = [graph.inputs.length, graph.inputs.length + graph.outputs.length]
  const places = [...graph.inputs, ...graph.outputs, ...like].map((tensor, index) => placeholder(`rule ${index}`, tensor))
  const answers = rule(places.slice(0, operands), places.slice(operands, results), places.slice(results))
  const given = answers.filter((answer) => answer !== undefined)
  const { tensors, batched } = batch(given, places, values, size)
  let next = 0
  return answers.map((answer) => {
    if (answer === undefined) return undefined
    const index = next++
    return { tensor: at(tensors, index), isBatched: batched[index] === true }
  })
}

const inBatch = ({ tensor, isBatched }: Answer, size: number): Tensor => (isBatched ? tensor : repeated(tensor, size))

/** A reverse-mode rule for a batch: that of every example; an operand that all examples share gets the sum of theirs. */
const batchedVjp =
  (vjp: CustomVjp, call: OneCall): CustomVjp =>
  (inputs, outputs, cotangents) => {
    const { graph, batched, size } = call
    const values = {
      tensors: [...inputs, ...outputs, ...cotangents],
      batched: [...batched, ...outputs.map(() => true), ...cotangents.map(() => true)]
    }
    return answersOf(vjp, call, graph.outputs, values).map((answer, index) => {
      if (answer === undefined || inputs[index]?.dtype !== 'f32') return undefined
      const each = inBatch(answer, size)
      return batched[index] === true ? each : reduceSum(each, [0], false)
    })
  }

/** A forward-mode rule for a batch: that of every example. */
const batchedJvp =
  (jvp: CustomJvp, call: OneCall): CustomJvp =>
  (inputs, outputs, tangents) => {
    const { graph, batched, size } = call
    const values = { tensors: [...inputs, ...outputs, ...tangents], batched: [...batched, ...outputs.map(() => true), ...batched] }
    return answersOf(jvp, call, graph.inputs, values).map((answer) => (answer === undefined ? undefined : inBatch(answer, size)))
  }

/**
 * With one index for all examples a conditional over batched branches. With an index for each example, a selection among the results of
 * all branches, all of which are computed for all examples: what a branch not taken would refuse, such as an index out of range, is
 * refused, and where its derivative is infinite or NaN, so is that of the selection (as that of `select`).
 */
export const condRule: ApplyToBatch<'cond'> = ({ attributes: { branches }, inputs, batched, size, batch }) => {
  const [index, ...operands] = inputs
  const [manyIndices, ...manyOperands] = batched
  if (index === undefined) return allBatched([])
  if (manyIndices === true) {
    return allBatched(
      selection(
        index,
        branches.map((branch) => {
          const { tensors, batched: own } = batch(branch.outputs, branch.inputs, { tensors: operands, batched: manyOperands }, size)
          return withBatch({ inputs: tensors, batched: own, size })
        })
      )
    )
  }
  const many = branches.map((branch) => batchGraph(branch, manyOperands, size, batch))
  const wanted = many
    .map(({ results }) => results.batched)
    .reduce((some, own) => some.map((isBatched, output) => isBatched || at(own, output)))
  const graphs = many.map((branch) => closed(branch, wanted, size))
  return { tensors: bindAll('cond', { branches: graphs }, index, ...operands), batched: wanted }
}

/** For each example the results of the branch of its index, clamped into range. */
const selection = (index: Tensor, branches: readonly (readonly Tensor[])[]): readonly Tensor[] =>
  at(branches, branches.length - 1).map((last, output) => {
    const beside = reshape(index, [...index.shape, ...last.shape.slice(1).map(() => 1)])
    return branches
      .slice(0, -1)
      .reduceRight(
        (rest, branch, k) => select(bind('lessEqual', {}, beside, integer(k)), at(branch, output), rest),
        last
      )
  })
