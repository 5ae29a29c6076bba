import protobuf from 'protobufjs/light.js'

/**
 * The part of onnx.proto that a computed model uses, by its published field numbers
 * (github.com/onnx/onnx, onnx/onnx.proto). Everything left out is optional there.
 */
const schema: protobuf.INamespace = {
  nested: {
    ModelProto: {
      fields: {
        irVersion: { id: 1, type: 'int64' },
        producerName: { id: 2, type: 'string' },
        graph: { id: 7, type: 'GraphProto' },
        opsetImport: { id: 8, rule: 'repeated', type: 'OperatorSetIdProto' }
      }
    },
    OperatorSetIdProto: { fields: { domain: { id: 1, type: 'string' }, version: { id: 2, type: 'int64' } } },
    GraphProto: {
      fields: {
        node: { id: 1, rule: 'repeated', type: 'NodeProto' },
        name: { id: 2, type: 'string' },
        initializer: { id: 5, rule: 'repeated', type: 'TensorProto' },
        input: { id: 11, rule: 'repeated', type: 'ValueInfoProto' },
        output: { id: 12, rule: 'repeated', type: 'ValueInfoProto' }
      }
    },
    NodeProto: {
      fields: {
        input: { id: 1, rule: 'repeated', type: 'string' },
        output: { id: 2, rule: 'repeated', type: 'string' },
        name: { id: 3, type: 'string' },
        opType: { id: 4, type: 'string' },
        attribute: { id: 5, rule: 'repeated', type: 'AttributeProto' },
        domain: { id: 7, type: 'string' }
      }
    },
    AttributeProto: {
      fields: {
        name: { id: 1, type: 'string' },
        f: { id: 2, type: 'float' },
        i: { id: 3, type: 'int64' },
        s: { id: 4, type: 'bytes' },
        t: { id: 5, type: 'TensorProto' },
        g: { id: 6, type: 'GraphProto' },
        ints: { id: 8, rule: 'repeated', type: 'int64' },
        type: { id: 20, type: 'int32' }
      }
    },
    TensorProto: {
      fields: {
        dims: { id: 1, rule: 'repeated', type: 'int64' },
        dataType: { id: 2, type: 'int32' },
        name: { id: 8, type: 'string' },
        rawData: { id: 9, type: 'bytes' }
      }
    },
    ValueInfoProto: { fields: { name: { id: 1, type: 'string' }, type: { id: 2, type: 'TypeProto' } } },
    TypeProto: { fields: { tensorType: { id: 1, type: 'TensorTypeProto' } } },
    TensorTypeProto: { fields: { elemType: { id: 1, type: 'int32' }, shape: { id: 2, type: 'TensorShapeProto' } } },
    TensorShapeProto: { fields: { dim: { id: 1, rule: 'repeated', type: 'DimensionProto' } } },
    DimensionProto: { fields: { dimValue: { id: 1, type: 'int64' } } }
  }
}

/** Element types of ONNX tensors that the lowering uses. */
export type ElementType = 'float' | 'int32' | 'int64' | 'uint32' | 'bool' | 'double'

/** `TensorProto.DataType` of each element type. */
export const dataTypeCode: { readonly [E in ElementType]: number } = { float: 1, int32: 6, int64: 7, bool: 9, double: 11, uint32: 12 }

/** `AttributeProto.AttributeType` of the kinds of attribute that occur. */
export const attributeTypeCode = { float: 1, int: 2, string: 3, tensor: 4, graph: 5, ints: 7 } as const

export interface TensorMessage {
  readonly dims: readonly number[]
  readonly dataType: number
  readonly name?: string
  readonly rawData: Uint8Array
}

export interface AttributeMessage {
  readonly name: string
  readonly type: number
  readonly f?: number
  readonly i?: number
  readonly s?: Uint8Array
  readonly t?: TensorMessage
  readonly g?: GraphMessage
  readonly ints?: readonly number[]
}

export interface NodeMessage {
  readonly input: readonly string[]
  readonly output: readonly string[]
  readonly name: string
  readonly opType: string
  readonly attribute: readonly AttributeMessage[]
}

export interface ValueInfoMessage {
  readonly name: string
  readonly type: { readonly tensorType: { readonly elemType: number; readonly shape: { readonly dim: readonly { readonly dimValue: number }[] } } }
}

export interface GraphMessage {
  readonly name: string
  readonly node: readonly NodeMessage[]
  readonly initializer: readonly TensorMessage[]
  readonly input: readonly ValueInfoMessage[]
  readonly output: readonly ValueInfoMessage[]
}

/** Opset and file format version that the written models declare. */
const opset = 21
const irVersion = 10

/** The bytes of an ONNX model that holds this graph. */
export const encodeModel = (graph: GraphMessage): Uint8Array => {
  const type = protobuf.Root.fromJSON(schema).lookupType('ModelProto')
  return type.encode({ irVersion, producerName: 'tabula', graph, opsetImport: [{ domain: '', version: opset }] }).finish()
}
