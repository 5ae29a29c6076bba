import type { Graph } from '../graph/graph.js'
import type { Abstract } from '../node.js'
import type { Attributes } from '../primitive.js'
import { sameShape, showShape } from '../shape.js'
import { operand, require, requireDtype } from './checks.js'

type Inputs = readonly Abstract[]
type Outputs = readonly Abstract[]

const show = (x: Abstract | undefined): string => (x === undefined ? 'nothing' : `${x.dtype}${showShape(x.shape)}`)
const same = (a: Abstract | undefined, b: Abstract | undefined): boolean => a !== undefined && b !== undefined && a.dtype === b.dtype && sameShape(a.shape, b.shape)

const requireOperands = (operation: string, graph: Graph, inputs: Inputs): void => {
  require(inputs.length === graph.inputs.length, operation, 'operands', `${graph.inputs.length} operands`, String(inputs.length))
  graph.inputs.forEach((parameter, index) => require(same(parameter, inputs[index]), operation, `operand ${index}`, show(parameter), show(inputs[index])))
}

const results = (graph: Graph): Outputs => graph.outputs.map(({ shape, dtype }) => ({ shape, dtype }))

export const call = ({ name, graph }: Attributes['call'], inputs: Inputs): Outputs => {
  requireOperands(name, graph, inputs)
  return results(graph)
}

export const cond = ({ branches }: Attributes['cond'], inputs: Inputs): Outputs => {
  const index = operand('cond', inputs, 0)
  requireDtype('cond', 'index', index, 'i32')
  require(index.shape.length === 0, 'cond', 'index', '[]', showShape(index.shape))
  const [first, ...others] = branches
  require(first !== undefined, 'cond', 'branches', 'at least one', 'none')
  if (first === undefined) return []
  branches.forEach((branch) => requireOperands('cond', branch, inputs.slice(1)))
  others.forEach((branch, position) => {
    const agree = branch.outputs.length === first.outputs.length && branch.outputs.every((output, k) => same(output, first.outputs[k]))
    require(agree, 'cond', `branch ${position + 1}`, `outputs ${first.outputs.map(show).join(', ')}`, branch.outputs.map(show).join(', '))
  })
  return results(first)
}
