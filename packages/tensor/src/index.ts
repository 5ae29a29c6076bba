/**
 * Tabula's tensors: typed, immutable expressions; graphs of them; and the algebra that devices implement.
 *
 * Devices are separate entry points: `@tabula/tensor/reference`, `/cpu`, `/gpujs`.
 */
export * from './dtype.js'
export * from './errors.js'
export * from './shape-types.js'
export * from './shape.js'
export * from './value.js'
export * from './primitive.js'
export * from './node.js'
export * from './bind.js'
export * from './tree.js'
export { shapeRules } from './infer/index.js'
export type { ShapeRule, ShapeRules } from './infer/index.js'
export * from './graph/graph.js'
export * from './graph/trace.js'
export * from './ops/elementwise.js'
export * from './ops/movement.js'
export * from './ops/reduction.js'
export * from './ops/linear.js'
export * from './ops/indexing.js'
export * from './ops/structure.js'
export { assume, constant, operands, scalarOf } from './ops/typed.js'
export type { DtypeOf, Numeric, Operand, ShapeOf } from './ops/typed.js'
export * from './random/index.js'
export * from './safetensors/index.js'
export * from './device/device.js'
