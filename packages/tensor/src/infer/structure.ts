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

/** Sizes of slices stacked along a new leading axis. */
const stacked = (length: number, { shape, dtype }: Abstract): Abstract => ({ shape: [length, ...shape], dtype })

export const scan = ({ body, constants, carries, length }: Attributes['scan'], inputs: Inputs): Outputs => {
  require(Number.isInteger(length) && length >= 0, 'scan', 'length', 'a whole number of steps', String(length))
  require(inputs.length === body.inputs.length, 'scan', 'operands', `${body.inputs.length} operands`, String(inputs.length))
  require(constants + carries <= body.inputs.length, 'scan', 'body', `at least ${constants + carries} inputs`, String(body.inputs.length))
  require(carries <= body.outputs.length, 'scan', 'body', `at least ${carries} outputs`, String(body.outputs.length))
  body.inputs.forEach((parameter, index) => {
    const [kind, position] = index < constants ? ['constant', index] : index < constants + carries ? ['carry', index - constants] : ['xs', index - constants - carries]
    const expected = kind === 'xs' ? stacked(length, parameter) : parameter
    require(same(expected, inputs[index]), 'scan', `${kind} ${position}`, show(expected), show(inputs[index]))
  })
  for (let carry = 0; carry < carries; carry++) {
    const [before, after] = [body.inputs[constants + carry], body.outputs[carry]]
    require(same(before, after), 'scan', `body, next carry ${carry}`, `${show(before)}, as before the step`, show(after))
  }
  return body.outputs.map((output, index) => (index < carries ? { shape: output.shape, dtype: output.dtype } : stacked(length, output)))
}

export const host = ({ outputs }: Attributes['host']): Outputs => outputs.map(({ shape, dtype }) => ({ shape, dtype }))
