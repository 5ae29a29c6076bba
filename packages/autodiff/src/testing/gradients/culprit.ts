import { bind, graphOf, placeholder } from '@tabula/tensor'
import type { AnyNode, Graph, HostValue, Tensor } from '@tabula/tensor'
import { hostValue, topologicalOrder, outputOf } from '@tabula/tensor'
import { evaluate } from '@tabula/tensor/reference'
import { either as E } from 'fp-ts'
import { substitute } from '../../substitute.js'
import { checkAt } from './levels.js'
import type { Plan, Wrong } from './levels.js'
import { constant, numbersOf } from './point.js'
import type { VectorFunction } from './point.js'

/** The smallest part of a program whose derivative is wrong by itself. */
export interface Culprit {
  /** From the part's operands to its results. */
  readonly graph: Graph
  /** The operands' values at the point. */
  readonly operands: readonly HostValue<'f32'>[]
  /** The name of the call, where the part is a call with a derivative of its own. */
  readonly call: string | undefined
}

/** Parts that take longer to look for than they are worth. */
const longest = 200

const isReal = ({ dtype }: { readonly dtype: string }): boolean => dtype === 'f32'

/** Where a whole function fails to be wrong for a part, or the interpreter refuses, the part is not the culprit. */
const isWrong = (f: VectorFunction, operands: readonly HostValue<'f32'>[], plan: Plan): boolean => {
  try {
    return checkAt(f, operands, operands.map(numbersOf), plan).wrong !== undefined
  } catch {
    return false
  }
}

/** A program as a function of its inputs. */
const applied =
  ({ inputs, outputs }: Graph): VectorFunction =>
  (variables) =>
    substitute(outputs, new Map(inputs.map((input, index): [AnyNode, readonly Tensor[]] => [input.node, variables.slice(index, index + 1)])))

/**
 * Looks for one application of a primitive that is wrong by itself, at the values that reach it; failing that, for the shortest
 * beginning of the program that is. `undefined` where the program has none, or is too long.
 */
export const culpritOf = (f: VectorFunction, leaves: readonly HostValue<'f32'>[], wrong: Wrong, plan: Plan): Culprit | undefined => {
  const inputs = leaves.map((leaf, index) => placeholder(`x${index}`, leaf))
  const results = f(inputs)
  const nodes = topologicalOrder(results)
  const every = nodes.flatMap((node) => node.outputs.map((_, index) => outputOf(node, index)))
  if (nodes.length > longest) return undefined
  const point = leaves.map((leaf, index) => hostValue('f32', leaf.shape, wrong.point[index] ?? numbersOf(leaf)))
  const evaluated = evaluate(graphOf(inputs, every), point)
  if (E.isLeft(evaluated)) return undefined
  const values = new Map<AnyNode, HostValue[]>()
  every.forEach(({ node }, index) => {
    const value = evaluated.right[index]
    if (value !== undefined) values.set(node, [...(values.get(node) ?? []), value])
  })
  const valueOf = ({ node, index }: Tensor): HostValue | undefined => values.get(node)?.[index]
  // Order 1 is enough for a part that is wrong at order 1 already.
  const orders = Array.from({ length: wrong.order }, (_, index) => index + 1)
  const thorough = { ...plan, orders, directions: Math.max(2, plan.directions) }
  for (const node of nodes) {
    const part = partOf(node, valueOf)
    if (part !== undefined && isWrong(applied(part.graph), part.operands, thorough)) return part
  }
  const active = new Set<AnyNode>(inputs.map((input) => input.node))
  for (const node of nodes) if (node.inputs.some((input) => active.has(input.node))) active.add(node)
  for (const node of nodes) {
    if (!active.has(node) || node.primitive === 'input') continue
    const outputs = node.outputs.map((_, index) => outputOf(node, index)).filter(isReal)
    const graph = graphOf(inputs, outputs)
    if (outputs.length > 0 && isWrong(applied(graph), point, thorough)) return { graph, operands: point, call: undefined }
  }
  return undefined
}

/** One node by itself: its floating-point operands are variables, the others constants. */
const partOf = (node: AnyNode, valueOf: (tensor: Tensor) => HostValue | undefined): Culprit | undefined => {
  if (!node.inputs.some(isReal)) return undefined
  const variables: Tensor[] = []
  const operands: HostValue<'f32'>[] = []
  const inputs: Tensor[] = []
  for (const input of node.inputs) {
    const value = valueOf(input)
    if (value === undefined) return undefined
    // Operands that are written into the program, such as a number to multiply with, stay so: rules may look at them.
    if (isReal(value) && input.node.primitive !== 'constant') {
      const variable = placeholder(`x${variables.length}`, input)
      variables.push(variable)
      operands.push(hostValue('f32', value.shape, numbersOf(value)))
      inputs.push(variable)
    } else inputs.push(value.dtype === 'f32' ? constant(value.shape, numbersOf(value)) : bind('constant', { value }))
  }
  if (variables.length === 0) return undefined
  // The same primitive and attributes on operands of the same shapes and types.
  const alone = { ...node, inputs } as AnyNode
  const outputs = alone.outputs.map((_, index) => outputOf(alone, index)).filter(isReal)
  if (outputs.length === 0) return undefined
  const call = alone.primitive === 'call' && alone.attributes.vjp !== undefined ? alone.attributes.name : undefined
  return { graph: graphOf(variables, outputs), operands, call }
}
