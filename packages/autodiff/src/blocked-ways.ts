import { DerivativeError, outputOf, subGraphsOf, topologicalOrder } from '@tabula/tensor'
import type { AnyNode, Node, PrimitiveName, Tensor } from '@tabula/tensor'
import type { NamedLeaf } from './tree.js'
import { vjpRules } from './vjp/index.js'

/**
 * What an application makes of the dependence on one of its operands: it has a derivative; it is constant wherever it has one, as
 * written (`stopGradient`) or by mathematics (`floor`, the condition of a `select`); or it has none (`argmax`, comparisons, integers).
 */
type Passage = 'derivative' | 'constant' | 'none'

/** Operands that only choose between others: the result is constant in them between the points where the choice changes. */
const choosing: Readonly<Partial<Record<PrimitiveName, number>>> = { select: 0, cond: 0, maxPool2dGradient: 0 }

/** Floating-point operands that rules take as data, which is a convention and not mathematics. */
const dataOperand = (node: AnyNode): number | undefined =>
  node.primitive === 'roiAlign' ? node.attributes.scales.length : node.primitive === 'roiAlignGradient' ? 1 : undefined

const passageOf = (node: AnyNode, operand: number, dtype: Tensor['dtype']): Passage => {
  const rule = vjpRules[node.primitive]
  if (rule === 'zero derivative' || choosing[node.primitive] === operand) return 'constant'
  if (typeof rule === 'string' || dtype !== 'f32' || dataOperand(node) === operand) return 'none'
  return node.outputs.some((output) => output.dtype === 'f32') ? 'derivative' : 'none'
}

/** A way from a result down to a tensor, the last step first. */
interface Way {
  readonly differentiable: boolean
  /** Whether all that is in the way of a derivative is a host function, whose derivative is not zero but unknown. */
  readonly refused?: boolean
  /** The tensor that was reached, and what it is called if it is a result. */
  readonly tensor: Tensor
  readonly name?: string
  /** The application through which it was reached, and the way to that one's output. */
  readonly step?: { readonly node: AnyNode; readonly culprit: boolean; readonly from: Way }
}

/** The ways found to a node's outputs. One with derivatives replaces one without, and one that is refused either; else the first stays. */
type Ways = Map<AnyNode, (Way | undefined)[]>

/** What counts of several ways to one tensor: the highest rank. */
const rankOf = (way: Way | undefined): number => (way === undefined ? 0 : way.refused === true ? 3 : way.differentiable ? 2 : 1)

const note = (ways: Ways, way: Way): void => {
  const { node, index } = way.tensor
  const ofNode = ways.get(node) ?? []
  const before = ofNode[index]
  if (rankOf(way) > rankOf(before)) ofNode[index] = way
  ways.set(node, ofNode)
}

/** The ways to everything that `starts` rest on. One pass in reverse topological order. */
const waysFrom = (starts: readonly Way[]): Ways => {
  const ways: Ways = new Map()
  starts.forEach((start) => note(ways, start))
  const order = topologicalOrder(starts.map(({ tensor }) => tensor))
  for (let position = order.length - 1; position >= 0; position--) {
    const node = order[position]
    if (node === undefined) continue
    const reached = (ways.get(node) ?? []).filter((way) => way !== undefined)
    if (reached.length > 0) operandWays(node, reached).forEach((way) => note(ways, way))
  }
  return ways
}

/** The ways to a node's operands from those to its outputs. */
const operandWays = (node: AnyNode, reached: readonly Way[]): readonly Way[] => {
  const [first] = reached
  if (first === undefined) return []
  const best = reached.reduce((a, b) => (rankOf(b) > rankOf(a) ? b : a), first)
  const onward = (tensor: Tensor, passage: Passage, from: Way): readonly Way[] => {
    if (passage === 'constant') return []
    const culprit = tensor.dtype === 'f32' && (passage === 'none' || from.tensor.dtype !== 'f32')
    const isUnknown = node.primitive === 'host' && from.differentiable && from.tensor.dtype === 'f32' && tensor.dtype === 'f32'
    const refused = isUnknown || (from.refused === true && passage === 'derivative')
    return [{ differentiable: from.differentiable && passage === 'derivative', refused, tensor, step: { node, culprit, from } }]
  }
  const plain = (tensor: Tensor, operand: number): readonly Way[] => onward(tensor, passageOf(node, operand, tensor.dtype), best)
  switch (node.primitive) {
    case 'barrier':
      // Each result is its operand; what they wait for enters none of them.
      return reached.flatMap((from) => node.inputs.flatMap((tensor, operand) => (operand === from.tensor.index ? onward(tensor, passageOf(node, operand, tensor.dtype), from) : [])))
    case 'call':
      return node.attributes.vjp === undefined ? within(node, node.attributes.graph, node.inputs, reached) : node.inputs.flatMap(plain)
    case 'cond':
      return node.attributes.branches.flatMap((branch) => within(node, branch, node.inputs.slice(1), reached))
    case 'scan':
      return throughLoop(node, reached)
    default:
      return node.inputs.flatMap(plain)
  }
}

/** Through a closed graph to the operands it is applied to. */
const within = (
  node: AnyNode,
  graph: { readonly inputs: readonly Tensor[]; readonly outputs: readonly Tensor[] },
  operands: readonly Tensor[],
  reached: readonly Way[]
): readonly Way[] => {
  const starts = reached.flatMap((from): readonly Way[] => {
    const tensor = graph.outputs[from.tensor.index]
    return tensor === undefined ? [] : [{ differentiable: from.differentiable, refused: from.refused === true, tensor, step: { node, culprit: false, from } }]
  })
  const ways = waysFrom(starts)
  return graph.inputs.flatMap((input, index): readonly Way[] => {
    const way = ways.get(input.node)?.[input.index]
    const tensor = operands[index]
    return way === undefined || tensor === undefined ? [] : [{ ...way, tensor }]
  })
}

/** Through a loop's body as often as ways are found from a carry to a carry that had none, or none with derivatives. */
const throughLoop = (node: Node<'scan'>, reached: readonly Way[]): readonly Way[] => {
  const { body, constants, carries } = node.attributes
  const starts = new Map<number, Way>(reached.map((way) => [way.tensor.index, way]))
  for (;;) {
    const ways = within(node, body, body.inputs, [...starts].map(([index, way]) => ({ ...way, tensor: outputOf(node, index) })))
    const found = ways.flatMap((way): readonly (readonly [number, Way])[] => {
      const carry = body.inputs.findIndex((input) => input.node === way.tensor.node) - constants
      return carry >= 0 && carry < carries && rankOf(way) > rankOf(starts.get(carry)) ? [[carry, way]] : []
    })
    if (found.length === 0) {
      return ways.flatMap((way): readonly Way[] => {
        const operand = node.inputs[body.inputs.findIndex((input) => input.node === way.tensor.node)]
        return operand === undefined ? [] : [{ ...way, tensor: operand }]
      })
    }
    found.forEach(([carry, way]) => starts.set(carry, way))
  }
}

const nameOf = (node: AnyNode): string => {
  switch (node.primitive) {
    case 'call':
      return node.attributes.name
    case 'host':
      return `host function "${node.attributes.name}"`
    case 'cast':
      return `cast to ${node.attributes.dtype}`
    default:
      return node.primitive
  }
}

const whyNot = (node: AnyNode): string => {
  const name = nameOf(node)
  if (dataOperand(node) !== undefined) return `${name} takes its boxes as data`
  return `${name} has no derivative`
}

/** The names along a way, from the result on, and the position of the last that has no derivative. */
const namesAlong = (way: Way): { readonly names: readonly string[]; readonly culprit: number; readonly reason: string } => {
  const names: string[] = []
  let culprit = -1
  let reason = ''
  let at: Way = way
  for (let step = at.step; step !== undefined; step = at.step) {
    if (culprit === -1 && step.culprit) {
      culprit = names.length
      reason = whyNot(step.node)
    }
    names.push(nameOf(step.node))
    at = step.from
  }
  names.push(at.name ?? 'the result')
  return { names: names.reverse(), culprit: names.length - 1 - culprit, reason }
}

/** Names joined by arrows; of long ways both ends and what is beside the culprit. */
const shown = (names: readonly string[], culprit: number): string => {
  const kept = names.flatMap((name, index) => {
    const near = index < 3 || index >= names.length - 3 || Math.abs(index - culprit) <= 2
    return near ? [{ name, index }] : []
  })
  return kept.map(({ name, index }, k) => (k > 0 && kept[k - 1]?.index !== index - 1 ? `… ← ${name}` : name)).join(' ← ')
}

/**
 * Throws `DerivativeError`, which names the way, at the first variable on which a result rests but on no way that has a derivative.
 * Ways through `stopGradient` and through what is constant by mathematics (`floor`, `sign`, the condition of a `select`) do not
 * count, nor do rules given to `customVjp`, which may say that there is none. A way that only a host function blocks is refused even
 * beside others, as its derivative is not zero but unknown. Linear in the number of nodes.
 */
export const requireDerivatives = (operation: string, results: readonly NamedLeaf[], variables: readonly NamedLeaf[]): void => {
  const ways = waysFrom(results.map(({ name, tensor }) => ({ differentiable: tensor.dtype === 'f32', tensor, name })))
  for (const { name, tensor } of variables) {
    const way = ways.get(tensor.node)?.[tensor.index]
    if (way === undefined || (way.differentiable && way.refused !== true)) continue
    const { names, culprit, reason } = namesAlong(way)
    const path = [...names, name]
    throw new DerivativeError(
      {
        operation,
        operand: name,
        ...(way.refused === true
          ? { expected: `a derivative of everything on every way from ${names[0] ?? 'the result'}`, found: `${shown(path, culprit)}, and ${reason}` }
          : { expected: `a way from ${names[0] ?? 'the result'} on which everything has a derivative`, found: `only ${shown(path, culprit)}, and ${reason}` }),
        remedy: 'put stopGradient on this way if a gradient of zero is meant'
      },
      path
    )
  }
}

/** Whether tensors rest on host functions, in sub-graphs too. */
export const restOnHost = (outputs: readonly Tensor[]): boolean => topologicalOrder(outputs).some(isHostOrHolds)

const isHostOrHolds = (node: AnyNode): boolean => {
  const waiting = [...subGraphsOf(node)]
  if (node.primitive === 'host') return true
  for (let graph = waiting.pop(); graph !== undefined; graph = waiting.pop()) {
    if (graph.nodes.some(({ primitive }) => primitive === 'host')) return true
    waiting.push(...graph.nodes.flatMap(subGraphsOf))
  }
  return false
}
