import { bind, bindAll, graphOf, placeholder } from '@tabula/tensor'
import type { Graph, Tensor } from '@tabula/tensor'
import { tangentsByRule } from '../call-rules.js'
import { mapDefined } from '../defined.js'
import { zerosLike } from '../expression.js'
import { tangentsByTranspose } from '../transpose/transpose-rule.js'
import type { PushForward, PushForwardGraph, Tangent } from './rule.js'

/** Behind a barrier of its own that waits for the same dependency, so that what is recomputed behind it stays so. */
export const barrierRule: PushForward<'barrier'> = ({ inputs, tangents }) => {
  const dependency = inputs.at(-1)
  return dependency === undefined ? [] : mapDefined(tangents.slice(0, -1), (given) => bindAll('barrier', {}, ...given, dependency))
}

/** The sum of the replicas' tangents. */
export const allReduceRule: PushForward<'allReduce'> = ({ attributes: { label }, tangents: [t] }) =>
  t === undefined ? [] : [bind('allReduce', { label: `tangent of ${label}` }, t)]

/** A conditional over the branches' own derivatives, which compute again from the operands what they need. */
export const condRule: PushForward<'cond'> = ({ attributes: { branches }, inputs, outputs, tangents, pushForwardGraph }) => {
  const [index, ...operands] = inputs
  if (index === undefined) return []
  const moving = tangents.slice(1)
  const given = moving.filter((t) => t !== undefined)
  const derivatives = branches.map((branch) => branchDerivative(branch, moving, pushForwardGraph))
  const moved = outputs.map((_, k) => derivatives.some(({ tangents: found }) => found[k] !== undefined))
  if (!moved.includes(true)) return []
  const graphs = derivatives.map(({ parameters, tangents: found }) =>
    graphOf(
      parameters,
      outputs.flatMap((output, k) => (moved[k] === true ? [found[k] ?? zerosLike(output)] : []))
    )
  )
  const answers = bindAll('cond', { branches: graphs }, index, ...operands, ...given)
  let next = 0
  return moved.map((isMoved) => (isMoved ? answers[next++] : undefined))
}

/** A branch's tangents over its own operands and those of its operands that move. */
const branchDerivative = (
  branch: Graph,
  tangents: readonly Tangent[],
  pushForwardGraph: PushForwardGraph
): { readonly parameters: Graph['inputs']; readonly tangents: readonly Tangent[] } => {
  const seeds = tangents.map((t, index) => (t === undefined ? undefined : placeholder(`tangent ${index}`, t)))
  return {
    parameters: [...branch.inputs, ...seeds.filter((seed) => seed !== undefined)],
    tangents: pushForwardGraph(branch, branch.inputs, seeds)
  }
}

/**
 * By the rule the call brings; else by the transpose of its reverse-mode rule; else through its graph, as a call of its own where
 * reverse mode shall compute it again.
 */
export const callRule: PushForward<'call'> = ({ attributes, inputs, outputs, tangents, pushForwardGraph }) => {
  const { name, graph, vjp, jvp, recompute } = attributes
  if (jvp !== undefined) return tangentsByRule({ name, rule: jvp }, inputs, outputs, tangents)
  if (vjp !== undefined) return tangentsByTranspose({ name, rule: vjp }, inputs, outputs, tangents)
  return recompute === true ? recomputed(name, graph, inputs, tangents, pushForwardGraph) : pushForwardGraph(graph, inputs, tangents)
}

/** The derivative as a call that reverse mode computes again, as it does the call itself. */
const recomputed = (
  name: string,
  graph: Graph,
  inputs: readonly Tensor[],
  tangents: readonly Tangent[],
  pushForwardGraph: PushForwardGraph
): readonly Tangent[] => {
  const { parameters, tangents: found } = branchDerivative(graph, tangents, pushForwardGraph)
  const given = tangents.filter((t) => t !== undefined)
  return mapDefined(found, (results) => bindAll('call', { name, graph: graphOf(parameters, results), recompute: true }, ...inputs, ...given))
}
