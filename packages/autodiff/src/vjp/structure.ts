import { bind, bindAll, DtypeError, graphOf, placeholder, sameShape, ShapeError, showShape } from '@tabula/tensor'
import type { Graph, Tensor } from '@tabula/tensor'
import { at, zerosLike } from '../expression.js'
import type { Cotangent, PullBack, PullBackGraph } from './rule.js'

/** Through to the operands; what they wait for gets nothing. */
export const barrierRule: PullBack<'barrier'> = ({ cotangents }) => cotangents

/**
 * Every replica's result holds every replica's operand, and what is differentiated is the sum of the replicas' losses: the
 * cotangents are summed too.
 */
export const allReduceRule: PullBack<'allReduce'> = ({ attributes: { label }, cotangents: [c] }) =>
  c === undefined ? [] : [bind('allReduce', { label: `gradient of ${label}` }, c)]

/** By the rule the call brings, else through its graph. */
export const callRule: PullBack<'call'> = ({
  attributes: { name, graph, vjp },
  inputs,
  outputs,
  cotangents,
  wanted,
  pullBackGraph
}) => {
  if (vjp === undefined) return pullBackGraph(graph, inputs, cotangents, wanted)
  const answers = vjp(
    inputs,
    outputs,
    outputs.map((output, index) => cotangents[index] ?? zerosLike(output))
  )
  if (answers.length !== inputs.length) {
    throw new ShapeError({
      operation: name,
      operand: 'vjp',
      expected: `one cotangent for each of ${inputs.length} operands`,
      found: String(answers.length)
    })
  }
  return answers.map((answer, index) => (answer === undefined ? undefined : fitting(name, index, at(inputs, index), answer)))
}

const fitting = (name: string, index: number, input: Tensor, answer: Tensor): Cotangent => {
  const operand = `vjp, cotangent of operand ${index}`
  if (input.dtype !== 'f32') return undefined
  if (!sameShape(answer.shape, input.shape)) {
    throw new ShapeError({ operation: name, operand, expected: showShape(input.shape), found: showShape(answer.shape) })
  }
  if (answer.dtype !== 'f32') throw new DtypeError({ operation: name, operand, expected: 'f32', found: answer.dtype })
  return answer
}

/** A conditional over the branches' own derivatives, which compute again from the operands what they need. */
export const condRule: PullBack<'cond'> = ({ attributes: { branches }, inputs, cotangents, wanted, pullBackGraph }) => {
  const [index, ...operands] = inputs
  if (index === undefined) return []
  const given = cotangents.filter((c) => c !== undefined)
  const wantedOperands = wanted.slice(1)
  const derivatives = branches.map((branch) => branchDerivative(branch, cotangents, wantedOperands, pullBackGraph))
  const answers = bindAll('cond', { branches: derivatives }, index, ...operands, ...given)
  let next = 0
  return [undefined, ...wantedOperands.map((isWanted) => (isWanted ? at(answers, next++) : undefined))]
}

/** From a branch's operands and the cotangents given to the cotangents wanted, zeros included. */
const branchDerivative = (
  branch: Graph,
  cotangents: readonly Cotangent[],
  wanted: readonly boolean[],
  pullBackGraph: PullBackGraph
): Graph => {
  const seeds = cotangents.map((c, index) => (c === undefined ? undefined : placeholder(`cotangent ${index}`, c)))
  const answers = pullBackGraph(branch, branch.inputs, seeds, wanted)
  const results = branch.inputs.flatMap((input, index) => (wanted[index] === true ? [answers[index] ?? zerosLike(input)] : []))
  return graphOf([...branch.inputs, ...seeds.filter((seed) => seed !== undefined)], results)
}
