import type { Graph } from '../../../graph/graph.js'
import type { AnyNode, Tensor } from '../../../node.js'
import type { PrimitiveName } from '../../../primitive.js'
import type { OnnxBuilder } from '../onnx/builder.js'
import { constant, iota } from './constant.js'
import { conv2d } from './convolution.js'
import { conv2dInputGradient } from './convolution-input-gradient.js'
import { conv2dWeightGradient } from './convolution-weight-gradient.js'
import * as elementwise from './elementwise.js'
import { add, relu, transpose } from './fused.js'
import { gather, scatterAdd } from './indexing.js'
import type { Lowered } from './lowered.js'
import type { Lowering, LoweringContext } from './lowering.js'
import { matmul } from './matmul.js'
import * as movement from './movement.js'
import { nms, topK } from './order.js'
import * as pooling from './pooling.js'
import { randomBits } from './random.js'
import * as reduction from './reduction.js'
import { roiAlign } from './roi-align.js'
import { roiAlignGradient } from './roi-align-gradient.js'
import { scan } from './scan.js'
import * as structure from './structure.js'

const { unaryOp, binaryOp } = elementwise

/** Placeholders are bound before lowering, which never comes here. */
const unbound: Lowering<'input'> = (_context, { attributes: { name } }) => {
  throw new ReferenceError(`the placeholder "${name}" is not an input of its graph`)
}

/** How each primitive becomes ONNX operators. */
export const lowerings: { readonly [P in PrimitiveName]: Lowering<P> } = {
  input: unbound,
  constant,
  iota,
  randomBits,
  neg: unaryOp('Neg'),
  abs: unaryOp('Abs'),
  sign: elementwise.sign,
  floor: unaryOp('Floor'),
  ceil: unaryOp('Ceil'),
  round: unaryOp('Round'),
  exp: unaryOp('Exp'),
  expm1: elementwise.expm1,
  log: unaryOp('Log'),
  log1p: elementwise.log1p,
  sqrt: unaryOp('Sqrt'),
  sin: unaryOp('Sin'),
  cos: unaryOp('Cos'),
  tanh: unaryOp('Tanh'),
  sigmoid: unaryOp('Sigmoid'),
  erf: unaryOp('Erf'),
  relu,
  not: unaryOp('Not'),
  cast: elementwise.cast,
  add,
  sub: binaryOp('Sub'),
  mul: binaryOp('Mul'),
  div: elementwise.div,
  rem: elementwise.rem,
  pow: binaryOp('Pow'),
  maximum: elementwise.extremum('Max'),
  minimum: elementwise.extremum('Min'),
  atan2: elementwise.atan2,
  equal: binaryOp('Equal'),
  less: binaryOp('Less'),
  lessEqual: binaryOp('LessOrEqual'),
  and: binaryOp('And'),
  or: binaryOp('Or'),
  select: elementwise.select,
  reshape: movement.reshape,
  transpose,
  broadcastTo: movement.broadcastTo,
  slice: movement.slice,
  pad: movement.pad,
  concatenate: movement.concatenate,
  reverse: movement.reverse,
  reduceSum: reduction.reduceSum,
  reduceMax: reduction.reduceMax,
  argmax: reduction.argmax,
  matmul,
  conv2d,
  conv2dInputGradient,
  conv2dWeightGradient,
  maxPool2d: pooling.maxPool2d,
  maxPool2dGradient: pooling.maxPool2dGradient,
  upsampleNearest: pooling.upsampleNearest,
  windowSum: pooling.windowSum,
  gather,
  scatterAdd,
  topK,
  nms,
  roiAlign,
  roiAlignGradient,
  stopGradient: structure.identity,
  barrier: structure.barrier,
  allReduce: structure.identity,
  call: structure.call,
  cond: structure.cond,
  scan,
  host: structure.host
}

/** How often each output of each node is used, results included. */
const countUses = ({ nodes, outputs }: Graph): ((node: object, index: number) => number) => {
  const counts = new Map<object, number[]>()
  const use = ({ node, index }: Tensor): void => {
    const of = counts.get(node) ?? []
    of[index] = (of[index] ?? 0) + 1
    counts.set(node, of)
  }
  nodes.forEach((node) => node.inputs.forEach(use))
  outputs.forEach(use)
  return (node, index) => counts.get(node)?.[index] ?? 0
}

/** Writes a closed program's nodes and answers where its outputs are. Throws `Unsupported`. */
export const lowerGraph = (builder: OnnxBuilder, graph: Graph, inputs: readonly Lowered[]): readonly Lowered[] => {
  const values = new Map<AnyNode, readonly Lowered[]>()
  graph.inputs.forEach(({ node }, index) => {
    const input = inputs[index]
    if (input !== undefined) values.set(node, [input])
  })
  const lowered = ({ node, index }: Tensor): Lowered => {
    const value = values.get(node)?.[index]
    if (value === undefined) throw new ReferenceError(`output ${index} of ${node.primitive} is used before it is computed`)
    return value
  }
  const context: LoweringContext = {
    builder,
    uses: countUses(graph),
    lowered,
    inline: (inner, operands, into) => lowerGraph(into, inner, operands)
  }
  for (const node of graph.nodes) {
    if (values.has(node)) continue
    // The record is total and each entry takes its own nodes; the compiler cannot pair them for a union of nodes.
    const lowering = lowerings[node.primitive] as Lowering<PrimitiveName>
    values.set(node, lowering(context, node, node.inputs.map(lowered)))
  }
  return graph.outputs.map(lowered)
}
