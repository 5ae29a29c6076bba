import { attributeTypeCode, dataTypeCode, encodeModel } from './schema.js'
import type { AttributeMessage, ElementType, GraphMessage, NodeMessage, TensorMessage, ValueInfoMessage } from './schema.js'

/** An attribute of an ONNX node. Plain numbers are integers; floats are marked. */
export type Attribute = number | string | readonly number[] | { readonly float: number } | { readonly tensor: TensorMessage } | { readonly graph: GraphMessage }

/** Attributes of an ONNX node, by name. */
export type NodeAttributes = { readonly [name: string]: Attribute }

/** Writes one ONNX graph. Equal applications of an operator are written once; what no output needs is left out. */
export interface OnnxBuilder {
  /** Applies an operator with one output; `''` stands for an optional input that is left out. Answers the output's name. */
  readonly op: (type: string, inputs: readonly string[], attributes?: NodeAttributes) => string
  /** Applies an operator with several outputs. */
  readonly ops: (type: string, inputs: readonly string[], outputs: number, attributes?: NodeAttributes) => readonly string[]
  /** As `op`, but never merged with an equal application. */
  readonly fresh: (type: string, inputs: readonly string[], attributes?: NodeAttributes) => string
  /** A tensor that is part of the model. `bytes` are little-endian elements, row-major. */
  readonly initializer: (type: ElementType, dims: readonly number[], bytes: Uint8Array) => string
  /** A one-dimensional int64 constant: axes, sizes, starts … */
  readonly ints: (values: readonly number[]) => string
  /** A rank-0 int64 constant. */
  readonly int: (value: number) => string
  /** A float constant, one-dimensional unless `dims` say otherwise. */
  readonly floats: (values: readonly number[], dims?: readonly number[]) => string
  /** One element repeated to a shape without storing it. */
  readonly filled: (type: ElementType, dims: readonly number[], value: number) => string
  /** Declares an input of the graph. */
  readonly input: (name: string, type: ElementType, dims: readonly number[]) => string
  /** Declares a value to be an output of the graph, under a name that nothing else has. */
  readonly output: (value: string, name: string, type: ElementType, dims: readonly number[]) => void
  /** A name that nothing else has. */
  readonly name: () => string
  /** A builder for a branch, which sees this builder's values. */
  readonly branch: () => OnnxBuilder
  /** The finished graph: its nodes in an order in which operands come first. */
  readonly graph: () => GraphMessage
}

const view = (data: ArrayBufferView): Uint8Array => new Uint8Array(data.buffer, data.byteOffset, data.byteLength)

/** Little-endian bytes of numbers as elements of the given type. */
export const bytesOf = (type: ElementType, values: readonly number[]): Uint8Array => {
  switch (type) {
    case 'float':
      return view(Float32Array.from(values))
    case 'double':
      return view(Float64Array.from(values))
    case 'int32':
      return view(Int32Array.from(values))
    case 'uint32':
      return view(Uint32Array.from(values))
    case 'int64':
      return view(BigInt64Array.from(values.map(BigInt)))
    case 'bool':
      return Uint8Array.from(values, (value) => (value === 0 ? 0 : 1))
  }
}

const text = new TextEncoder()

const attributeMessage = (name: string, value: Attribute): AttributeMessage => {
  if (typeof value === 'number') return { name, type: attributeTypeCode.int, i: value }
  if (typeof value === 'string') return { name, type: attributeTypeCode.string, s: text.encode(value) }
  if ('float' in value) return { name, type: attributeTypeCode.float, f: value.float }
  if ('tensor' in value) return { name, type: attributeTypeCode.tensor, t: value.tensor }
  if ('graph' in value) return { name, type: attributeTypeCode.graph, g: value.graph }
  return { name, type: attributeTypeCode.ints, ints: value }
}

const valueInfo = (name: string, type: ElementType, dims: readonly number[]): ValueInfoMessage => ({
  name,
  type: { tensorType: { elemType: dataTypeCode[type], shape: { dim: dims.map((dimValue) => ({ dimValue })) } } }
})

/** What a builder and its branches share: names and the model's constants. */
interface Model {
  readonly nextName: () => string
  readonly initializers: TensorMessage[]
  readonly constants: Map<string, string>
}

/** JSON has no NaN and no infinities; keys must tell them apart. */
const spelledOut = (_key: string, value: unknown): unknown => (typeof value === 'number' && !Number.isFinite(value) ? String(value) : value)

/** Every value a node reads, those that its branches capture included. */
const reads = (node: NodeMessage): readonly string[] => [
  ...node.input,
  ...node.attribute.flatMap(({ g }) => (g === undefined ? [] : [...g.node.flatMap(reads), ...g.output.map(({ name }) => name)]))
]

/** A node with values under other names, in its branches too. */
const renamed = (node: NodeMessage, names: ReadonlyMap<string, string>): NodeMessage => {
  const rename = (value: string): string => names.get(value) ?? value
  const isAffected = names.size > 0 && (node.output.some((value) => names.has(value)) || reads(node).some((value) => names.has(value)))
  if (!isAffected) return node
  const attribute = node.attribute.map((entry) =>
    entry.g === undefined ? entry : { ...entry, g: { ...entry.g, node: entry.g.node.map((inner) => renamed(inner, names)) } }
  )
  return { ...node, input: node.input.map(rename), output: node.output.map(rename), attribute }
}

const build = (model: Model, outer: (key: string) => readonly string[] | undefined, isBranch: boolean): OnnxBuilder => {
  const nodes: NodeMessage[] = []
  const inputs: ValueInfoMessage[] = []
  const outputs: ValueInfoMessage[] = []
  const results: { readonly value: string; readonly name: string }[] = []
  const known = new Map<string, readonly string[]>()

  const find = (key: string): readonly string[] | undefined => known.get(key) ?? outer(key)

  const emit = (opType: string, input: readonly string[], count: number, attributes: NodeAttributes): readonly string[] => {
    const output = Array.from({ length: count }, model.nextName)
    const attribute = Object.entries(attributes).map(([name, value]) => attributeMessage(name, value))
    nodes.push({ input, output, opType, attribute, name: `${opType}_${output[0] ?? ''}` })
    return output
  }

  const ops: OnnxBuilder['ops'] = (type, input, count, attributes = {}) => {
    if (Object.values(attributes).some((value) => typeof value === 'object' && 'graph' in value)) return emit(type, input, count, attributes)
    const key = `${type}|${input.join()}|${count}|${JSON.stringify(attributes, spelledOut)}`
    const found = find(key)
    if (found !== undefined) return found
    const emitted = emit(type, input, count, attributes)
    known.set(key, emitted)
    return emitted
  }

  const first = (names: readonly string[]): string => names[0] ?? ''
  const op: OnnxBuilder['op'] = (type, input, attributes) => first(ops(type, input, 1, attributes))

  const initializer: OnnxBuilder['initializer'] = (type, dims, rawData) => {
    // Small constants are worth finding again; hashing large ones is not.
    const key = rawData.byteLength <= 256 ? `${type}|${dims.join()}|${rawData.join()}` : undefined
    const found = key === undefined ? undefined : model.constants.get(key)
    if (found !== undefined) return found
    const name = model.nextName()
    model.initializers.push({ dims, dataType: dataTypeCode[type], name, rawData })
    if (key !== undefined) model.constants.set(key, name)
    return name
  }

  /** Outputs take the name of the value itself where a node of this graph computes it, and a copy of it otherwise. */
  const withOutputs = (): readonly NodeMessage[] => {
    const computed = new Set(nodes.flatMap(({ output }) => output))
    const names = new Map<string, string>()
    const copies = results.flatMap(({ value, name }): readonly NodeMessage[] => {
      if (computed.has(value) && !names.has(value)) {
        names.set(value, name)
        return []
      }
      return [{ input: [value], output: [name], opType: 'Identity', attribute: [], name: `Output_${name}` }]
    })
    return [...nodes, ...copies].map((node) => renamed(node, names))
  }

  const graph = (): GraphMessage => {
    const needed = new Set(outputs.map(({ name }) => name))
    const live: NodeMessage[] = []
    for (const node of withOutputs().toReversed()) {
      if (!node.output.some((name) => needed.has(name))) continue
      live.push(node)
      for (const name of reads(node)) needed.add(name)
    }
    return {
      name: isBranch ? 'branch' : 'program',
      node: live.reverse(),
      initializer: isBranch ? [] : model.initializers.filter(({ name }) => name !== undefined && needed.has(name)),
      input: inputs,
      output: outputs
    }
  }

  return {
    op,
    ops,
    fresh: (type, input, attributes = {}) => first(emit(type, input, 1, attributes)),
    initializer,
    ints: (values) => initializer('int64', [values.length], bytesOf('int64', values)),
    int: (value) => initializer('int64', [], bytesOf('int64', [value])),
    floats: (values, dims = [values.length]) => initializer('float', dims, bytesOf('float', values)),
    filled: (type, dims, value) =>
      op('ConstantOfShape', [initializer('int64', [dims.length], bytesOf('int64', dims))], {
        value: { tensor: { dims: [1], dataType: dataTypeCode[type], rawData: bytesOf(type, [value]) } }
      }),
    input: (name, type, dims) => {
      inputs.push(valueInfo(name, type, dims))
      return name
    },
    output: (value, name, type, dims) => {
      results.push({ value, name })
      outputs.push(valueInfo(name, type, dims))
    },
    name: model.nextName,
    branch: () => build(model, find, true),
    graph
  }
}

/** A builder of one model's graph. */
export const onnxBuilder = (): OnnxBuilder => {
  let names = 0
  return build({ nextName: () => `v${names++}`, initializers: [], constants: new Map() }, () => undefined, false)
}

/** The bytes of the ONNX model that a builder's graph makes. */
export const encode = (builder: OnnxBuilder): Uint8Array => encodeModel(builder.graph())
