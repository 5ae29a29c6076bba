import type { Dtype } from '../../dtype.js'
import type { Graph } from '../../graph/graph.js'
import type { Abstract } from '../../node.js'
import type { Signature, Slot } from './engine/engine.js'
import { lowerGraph } from './lower/index.js'
import { dimensionsOf, elementType, plainly, plainValue } from './lower/lowered.js'
import type { Lowered } from './lower/lowered.js'
import { onnxBuilder } from './onnx/builder.js'
import type { OnnxBuilder } from './onnx/builder.js'
import { dataTypeCode, encodeModel } from './onnx/schema.js'

/** A program as the engine takes it. */
export interface Program {
  readonly model: Uint8Array
  readonly signature: Signature
  /** Nodes of the ONNX graph, before the engine optimizes it. */
  readonly nodes: number
}

/** Element types of arrays at the graph's border. */
const borderType: { readonly [D in Dtype]: Slot['type'] } = { f32: 'float', i32: 'int32', u32: 'uint32', bool: 'bool' }

const slot = (name: string, x: Abstract): Slot => ({ name, type: borderType[x.dtype], dims: dimensionsOf(plainly('', x)) })

/** The value in another element type, where the graph computes in another than its border shows. */
const converted = (builder: OnnxBuilder, value: string, dtype: Dtype, to: 'inside' | 'border'): string => {
  const [inside, border] = [elementType[dtype], borderType[dtype]]
  return inside === border ? value : builder.op('Cast', [value], { to: dataTypeCode[to === 'inside' ? inside : border] })
}

/** Names of the values at a graph's border. */
export interface BorderNames {
  readonly inputs: readonly string[]
  readonly outputs: readonly string[]
}

const byPosition = (graph: Graph): BorderNames => ({
  inputs: graph.inputs.map((_, index) => `in${index}`),
  outputs: graph.outputs.map((_, index) => `out${index}`)
})

/** Types and sizes of a graph's inputs and outputs, named by their positions unless said otherwise. */
export const borderOf = (graph: Graph, names: BorderNames = byPosition(graph)): Signature => ({
  inputs: graph.inputs.map((input, index) => slot(names.inputs[index] ?? '', input)),
  outputs: graph.outputs.map((output, index) => slot(names.outputs[index] ?? '', output))
})

/** Writes a closed graph as one ONNX model. Throws `Unsupported`. */
export const programOf = (graph: Graph, names?: BorderNames): Program => {
  const builder = onnxBuilder()
  const { inputs, outputs } = borderOf(graph, names)
  const operands = graph.inputs.map((input, index): Lowered => {
    const { name, type, dims } = inputs[index] ?? slot('', input)
    const { shape, dtype } = input
    return plainly(converted(builder, builder.input(name, type, dims), dtype, 'inside'), { shape, dtype })
  })
  lowerGraph(builder, graph, operands).forEach((result, index) => {
    const { name, type, dims } = outputs[index] ?? slot('', result)
    builder.output(converted(builder, plainValue(builder, result), result.dtype, 'border'), name, type, dims)
  })
  const message = builder.graph()
  return { model: encodeModel(message), signature: { inputs, outputs }, nodes: message.node.length }
}
