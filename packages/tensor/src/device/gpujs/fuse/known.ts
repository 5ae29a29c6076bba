import { allocate } from '../../../dtype.js'
import type { AnyNode } from '../../../node.js'
import { sizeOf } from '../../../shape.js'
import type { HostValue } from '../../../value.js'
import { evaluateNode } from '../../reference/evaluate.js'
import { Refused } from '../../reference/evaluation.js'

/** The results of a node where there is nothing to compute and nothing to refuse: all are empty. */
const emptyResults = ({ inputs, outputs }: AnyNode): readonly HostValue[] | undefined =>
  inputs.length > 0 && outputs.every(({ shape }) => sizeOf(shape) === 0) && inputs.every((input, index) => index === 0 || input.dtype !== 'i32' || sizeOf(input.shape) === 0)
    ? outputs.map((output): HostValue => ({ kind: 'host', ...output, data: allocate(output.dtype, 0) }))
    : undefined

/** The results of a node that are empty, or whose operands are data of the program; `undefined` where one is not, or the operation is refused when it runs. */
export const knownResults = (node: AnyNode): readonly HostValue[] | undefined => {
  const empty = emptyResults(node)
  if (empty !== undefined) return empty
  const operands = node.inputs.flatMap((input) => (input.node.primitive === 'constant' ? evaluateNode(input.node, [], 'single') : []))
  if (operands.length < node.inputs.length) return undefined
  try {
    return evaluateNode(node, operands, 'single')
  } catch (thrown) {
    if (thrown instanceof Refused) return undefined
    throw thrown
  }
}
