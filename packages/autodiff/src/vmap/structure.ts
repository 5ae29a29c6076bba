import { bind, bindAll, graphOf, placeholder } from '@tabula/tensor'
import type { CustomVjp, Graph, Tensor } from '@tabula/tensor'
import { at, mul, number, reduceSum, reshape, select } from '../expression.js'
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
interface BatchedGraph {
  readonly inputs: readonly Tensor[]
  readonly results: Batch
}

const batchGraph = (graph: Graph, batched: readonly boolean[], size: number, batch: BatchThrough): BatchedGraph => {
  const inputs = graph.inputs.map(({ shape, dtype }, index) =>
    placeholder(`operand ${index}`, { shape: batched[index] === true ? [size, ...shape] : shape, dtype })
  )
  return { inputs, results: batch(graph.outputs, graph.inputs, { tensors: inputs, batched }, size) }
}

/** Closed, with the batch in all results that are to have it. */
const closed = ({ inputs, results }: BatchedGraph, wanted: readonly boolean[], size: number): Graph =>
  graphOf(
    inputs,
    results.tensors.map((result, index) =>
      wanted[index] === true && results.batched[index] !== true ? repeated(result, size) : result
    )
  )

/**
 * The call of the batched graph. A derivative rule that the call brings is batched too, so that the derivative of the batch is the batch
 * of derivatives; all results are batched then, as the rule may let any of them depend on any operand.
 */
export const callRule: ApplyToBatch<'call'> = ({ attributes, inputs, batched, size, batch }) => {
  const { graph, vjp } = attributes
  const many = batchGraph(graph, batched, size, batch)
  const wanted = vjp === undefined ? many.results.batched : graph.outputs.map(() => true)
  const rules = vjp === undefined ? {} : { vjp: batchedVjp(vjp, graph, batched, size, batch) }
  return { tensors: bindAll('call', { ...attributes, ...rules, graph: closed(many, wanted, size) }, ...inputs), batched: wanted }
}

/** A derivative rule for a batch: that of every example; an operand that all examples share gets the sum of theirs. */
const batchedVjp =
  (vjp: CustomVjp, graph: Graph, batched: readonly boolean[], size: number, batch: BatchThrough): CustomVjp =>
  (inputs, outputs, cotangents) => {
    const variables = (name: string, like: readonly Tensor[]): readonly Tensor[] =>
      like.map((tensor, index) => placeholder(`${name} ${index}`, tensor))
    const operands = variables('operand', graph.inputs)
    const results = variables('result', graph.outputs)
    const seeds = variables('cotangent', graph.outputs)
    const answers = vjp(operands, results, seeds)
    const { tensors, batched: many } = batch(
      answers.filter((answer) => answer !== undefined),
      [...operands, ...results, ...seeds],
      { tensors: [...inputs, ...outputs, ...cotangents], batched: [...batched, ...results.map(() => true), ...seeds.map(() => true)] },
      size
    )
    let next = 0
    return answers.map((answer, index) => {
      if (answer === undefined) return undefined
      const position = next++
      const tensor = at(tensors, position)
      if (inputs[index]?.dtype !== 'f32') return undefined
      if (batched[index] === true) return many[position] === true ? tensor : repeated(tensor, size)
      return many[position] === true ? reduceSum(tensor, [0], false) : mul(tensor, number(size))
    })
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
  const wanted = at(branches, 0).outputs.map((_, output) => many.some(({ results }) => results.batched[output] === true))
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
