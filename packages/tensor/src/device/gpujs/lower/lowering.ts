import type { Abstract } from '../../../node.js'
import type { Attributes, PrimitiveName } from '../../../primitive.js'
import { sizeOf } from '../../../shape.js'
import type { KernelSource } from '../source.js'

/** How a node runs on this device. */
export type Lowered =
  /** Kernels in a row: the first takes the operands, each later one the result before it. One output. */
  | { readonly _tag: 'kernels'; readonly kernels: readonly KernelSource[] }
  /** Output k is operand k, or the one operand. */
  | { readonly _tag: 'alias' }
  /** In the host's memory, by the reference interpreter in single precision. */
  | { readonly _tag: 'host'; readonly reason: string }
  /** The program of a branch, chosen by the first operand where `selected`. */
  | { readonly _tag: 'subgraph'; readonly selected: boolean }

/** The lowering of a primitive for operands of these shapes. */
export type Lowering<P extends PrimitiveName> = (attributes: Attributes[P], inputs: readonly Abstract[], outputs: readonly Abstract[]) => Lowered

/** Runs these kernels, one after the other. */
export const kernels = (...sources: readonly KernelSource[]): Lowered => ({ _tag: 'kernels', kernels: sources })

/** A lowering to the host, whatever the operands. */
export const onHost =
  (reason: string): ((attributes: unknown, inputs: readonly Abstract[], outputs: readonly Abstract[]) => Lowered) =>
  () => ({ _tag: 'host', reason })

/** The shape of operand `index`. */
export const shapeAt = (values: readonly Abstract[], index: number): readonly number[] => values[index]?.shape ?? []

/** Array parameters that a kernel may have on every backend. */
export const mostOperands = 6

/** Reasons to keep a node off the engine, whatever its primitive; `undefined` where there is none. */
export const hostReason = (inputs: readonly Abstract[], outputs: readonly Abstract[]): string | undefined => {
  const all = [...inputs, ...outputs]
  if (all.some(({ dtype }) => dtype === 'i32' || dtype === 'u32')) return 'the engine holds integers as f32'
  if (all.some(({ shape }) => sizeOf(shape) === 0)) return 'the engine has no empty arrays'
  return undefined
}
