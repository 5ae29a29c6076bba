import { bind, bindAll, graphOf, outputOf, topologicalOrder } from '@tabula/tensor'
import type { AnyNode, Node, PrimitiveName, Tensor } from '@tabula/tensor'
import { evaluate } from '@tabula/tensor/reference'
import { hostValue } from '@tabula/tensor'
import { either as E } from 'fp-ts'
import { at, div, equal, number, sub } from '../../expression.js'
import { replacementsOf, substitute } from '../../substitute.js'
import type { Numbers } from './point.js'

/** The tensors on whose values it depends which piece of a piecewise smooth primitive applies. */
type Decide<P extends PrimitiveName> = (node: Node<P>) => readonly Tensor[]

/** `smooth` where the derivative exists in the whole domain; `hidden` where the primitive decides out of sight. */
type Decision<P extends PrimitiveName> = Decide<P> | 'smooth' | 'hidden'

const sign = (x: Tensor): Tensor => bind('sign', {}, x)
const own = (node: AnyNode): readonly Tensor[] => node.outputs.map((_, index) => outputOf(node, index))
const ofOperand = ({ inputs }: { readonly inputs: readonly Tensor[] }): readonly Tensor[] => [sign(at(inputs, 0))]
const ofDifference = ({ inputs }: { readonly inputs: readonly Tensor[] }): readonly Tensor[] => [sign(sub(at(inputs, 0), at(inputs, 1)))]
const self = (node: { readonly primitive: PrimitiveName }): readonly Tensor[] => own(node as AnyNode)

/** Powers with whole exponents are smooth on both sides of zero; for others it is the border. */
const powerSide = (base: Tensor, exponent: Tensor): Tensor =>
  bind('select', {}, bind('equal', {}, exponent, bind('round', {}, exponent)), number(1), sign(base))

/** What every primitive decides. A primitive without an entry does not compile. */
export const decisions: { readonly [P in PrimitiveName]: Decision<P> } = {
  input: 'smooth',
  constant: 'smooth',
  iota: 'smooth',
  randomBits: 'smooth',
  neg: 'smooth',
  abs: ofOperand,
  sign: self,
  floor: self,
  ceil: self,
  round: self,
  exp: 'smooth',
  expm1: 'smooth',
  log: ofOperand,
  log1p: ({ inputs }) => [sign(bind('add', {}, at(inputs, 0), number(1)))],
  sqrt: ofOperand,
  sin: 'smooth',
  cos: 'smooth',
  tanh: 'smooth',
  sigmoid: 'smooth',
  erf: 'smooth',
  relu: ofOperand,
  not: self,
  cast: (node) => (at(node.inputs, 0).dtype === 'f32' && node.attributes.dtype !== 'f32' ? self(node) : []),
  add: 'smooth',
  sub: 'smooth',
  mul: 'smooth',
  div: ({ inputs }) => (at(inputs, 1).dtype === 'f32' ? [sign(at(inputs, 1))] : []),
  rem: (node) => (at(node.inputs, 0).dtype === 'f32' ? [bind('round', {}, div(sub(at(node.inputs, 0), at(self(node), 0)), at(node.inputs, 1)))] : []),
  pow: ({ inputs }) => [powerSide(at(inputs, 0), at(inputs, 1))],
  maximum: ofDifference,
  minimum: ofDifference,
  atan2: ({ inputs }) => [sign(at(inputs, 0)), sign(at(inputs, 1))],
  equal: self,
  less: self,
  lessEqual: self,
  and: 'smooth',
  or: 'smooth',
  select: ({ inputs }) => [at(inputs, 0)],
  reshape: 'smooth',
  transpose: 'smooth',
  broadcastTo: 'smooth',
  slice: 'smooth',
  pad: 'smooth',
  concatenate: 'smooth',
  reverse: 'smooth',
  reduceSum: 'smooth',
  reduceMax: (node) => {
    const { axes, keepDimensions } = node.attributes
    const x = at(node.inputs, 0)
    if (x.dtype !== 'f32' && x.dtype !== 'i32') return []
    const largest = keepDimensions ? at(self(node), 0) : bind('reduceMax', { axes, keepDimensions: true }, x)
    return [equal(x, largest)]
  },
  argmax: self,
  matmul: 'smooth',
  conv2d: 'smooth',
  conv2dInputGradient: 'smooth',
  conv2dWeightGradient: 'smooth',
  maxPool2d: (node) => self(node).slice(1),
  maxPool2dGradient: ({ attributes: { kernel, stride, padding, dilation }, inputs }) =>
    bindAll('maxPool2d', { kernel, stride, padding, dilation }, at(inputs, 0)).slice(1),
  upsampleNearest: 'smooth',
  windowSum: 'smooth',
  gather: 'smooth',
  scatterAdd: 'smooth',
  topK: (node) => self(node).slice(1),
  nms: self,
  roiAlign: 'smooth',
  roiAlignGradient: 'smooth',
  stopGradient: 'smooth',
  barrier: 'smooth',
  allReduce: 'smooth',
  call: 'smooth',
  cond: ({ inputs }) => inputs.slice(0, 1),
  scan: (node) => decidedInLoop(node),
  host: 'hidden'
}

/** The same program with every call replaced by what it computes, so that nothing is decided inside. */
const inlined = (outputs: readonly Tensor[]): readonly Tensor[] => {
  const values = new Map<AnyNode, readonly Tensor[]>()
  const valueOf = (tensor: Tensor): Tensor => values.get(tensor.node)?.[tensor.index] ?? tensor
  for (const node of topologicalOrder(outputs)) {
    const operands = node.inputs.map(valueOf)
    if (node.primitive === 'call') {
      const { graph } = node.attributes
      values.set(node, inlined(substitute(graph.outputs, replacementsOf(graph.inputs, operands))))
    } else if (operands.some((operand, index) => operand !== node.inputs[index])) {
      // The same primitive and attributes on operands of the same shapes and types.
      const anew = { ...node, inputs: operands } as AnyNode
      values.set(node, own(anew))
    }
  }
  return outputs.map(valueOf)
}

const decisionOf = <P extends PrimitiveName>(node: Node<P>): readonly Tensor[] => {
  const decide: Decision<P> = decisions[node.primitive]
  return typeof decide === 'string' ? [] : decide(node)
}

/** What the body decides in each step, stacked. */
const decidedInLoop = ({ attributes, inputs }: Node<'scan'>): readonly Tensor[] => {
  const { body, carries } = attributes
  const made = topologicalOrder(inlined(body.outputs)).flatMap((node) => decisionOf<PrimitiveName>(node))
  const next = body.outputs.slice(0, carries)
  return made.length === 0 ? [] : bindAll('scan', { ...attributes, body: graphOf(body.inputs, [...next, ...made]) }, ...inputs).slice(carries)
}

/**
 * Whether a program of these variables decides differently at different points: which side of a kink, which of two operands, which
 * element is largest. Where it does, its derivative may be that of a piece which does not continue.
 */
export const decidesDifferently = (
  variables: readonly Tensor[],
  outputs: readonly Tensor[],
  points: readonly Numbers[]
): boolean => {
  const made = topologicalOrder(inlined(outputs)).flatMap((node) => decisionOf<PrimitiveName>(node))
  if (made.length === 0) return false
  const graph = graphOf(variables, made)
  const taken = points.map((point) => {
    const outcome = evaluate(
      graph,
      variables.map(({ shape }, index) => hostValue('f32', shape, point[index] ?? new Float64Array(0)))
    )
    return E.isLeft(outcome) ? 'refused' : outcome.right.map(({ data }) => Array.from(data).join(' ')).join(';')
  })
  return taken.some((text) => text !== taken[0])
}
