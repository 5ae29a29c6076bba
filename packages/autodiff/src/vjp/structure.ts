import { bind, bindAll, graphOf, placeholder } from '@tabula/tensor'
import type { Tensor } from '@tabula/tensor'
import { cotangentsByRule } from '../call-rules.js'
import { at, zerosLike } from '../expression.js'
import type { Cotangent, PullBack } from './rule.js'

/** Through to the operands; what they wait for gets nothing. */
export const barrierRule: PullBack<'barrier'> = ({ cotangents }) => cotangents

/**
 * Every replica's result holds every replica's operand, and what is differentiated is the sum of the replicas' losses: the
 * cotangents are summed too.
 */
export const allReduceRule: PullBack<'allReduce'> = ({ attributes: { label }, cotangents: [c] }) =>
  c === undefined ? [] : [bind('allReduce', { label: `gradient of ${label}` }, c)]

/** Operands that are not ready before the cotangents are, and that are equal to nothing else. */
const after = (inputs: readonly Tensor[], cotangents: readonly Cotangent[]): readonly Tensor[] =>
  cotangents
    .filter((cotangent) => cotangent !== undefined)
    .reduce<readonly Tensor[]>((held, cotangent) => bindAll('barrier', {}, ...held, cotangent), inputs)

/** By the rule the call brings, else through its graph: as it was computed, or computed again once the cotangents are known. */
export const callRule: PullBack<'call'> = ({
  attributes: { name, graph, vjp, recompute },
  inputs,
  outputs,
  cotangents,
  wanted,
  pullBackGraph
}) => {
  if (vjp === undefined) return pullBackGraph(graph, recompute === true ? after(inputs, cotangents) : inputs, cotangents, wanted)
  return cotangentsByRule({ name, rule: vjp }, inputs, outputs, cotangents)
}

/**
 * A conditional over the branches' own derivatives, which compute again from the operands what they need. Operands on which no branch
 * has a derivative get none.
 */
export const condRule: PullBack<'cond'> = ({ attributes: { branches }, inputs, cotangents, wanted, pullBackGraph }) => {
  const [index, ...operands] = inputs
  if (index === undefined) return []
  const seeds = cotangents.map((c, k) => (c === undefined ? undefined : placeholder(`cotangent ${k}`, c)))
  const found = branches.map((branch) => pullBackGraph(branch, branch.inputs, seeds, wanted.slice(1)))
  const moved = operands.flatMap((_, operand) => (found.some((answers) => answers[operand] !== undefined) ? [operand] : []))
  if (moved.length === 0) return []
  const derivatives = branches.map((branch, k) => {
    const results = moved.map((operand) => found[k]?.[operand] ?? zerosLike(at(branch.inputs, operand)))
    return graphOf([...branch.inputs, ...seeds.filter((seed) => seed !== undefined)], results)
  })
  const answers = bindAll('cond', { branches: derivatives }, index, ...operands, ...cotangents.filter((c) => c !== undefined))
  return [undefined, ...operands.map((_, operand) => answers[moved.indexOf(operand)])]
}
