import type { Attributes, Graph, PrimitiveName, Tensor } from '@tabula/tensor'
import type { NoDerivative } from '../vjp/rule.js'

/** The derivative of one tensor along a direction, of its shape; `undefined` is zero. Integers and truth values have no other. */
export type Tangent = Tensor | undefined

/** The tangents of a closed graph's outputs from those of the tensors it is applied to, in terms of these. */
export type PushForwardGraph = (graph: Graph, inputs: readonly Tensor[], tangents: readonly Tangent[]) => readonly Tangent[]

/** One application of a primitive, and the direction in which its operands move. */
export interface JvpApplication<P extends PrimitiveName> {
  readonly attributes: Attributes[P]
  readonly inputs: readonly Tensor[]
  readonly outputs: readonly Tensor[]
  /** One for each input, at least one of them defined; those of integer and `bool` inputs never are. */
  readonly tangents: readonly Tangent[]
  /** Forward mode itself, for primitives that hold graphs. */
  readonly pushForwardGraph: PushForwardGraph
}

/** The tangents of the outputs, in their order; those missing at the end are zero. */
export type PushForward<P extends PrimitiveName> = (application: JvpApplication<P>) => readonly Tangent[]

/** The forward-mode derivative of one primitive: a function, or why nothing is pushed forward. */
export type JvpRule<P extends PrimitiveName> = PushForward<P> | NoDerivative

/** A rule for every primitive: a primitive without an entry does not compile. */
export type JvpRules = { readonly [P in PrimitiveName]: JvpRule<P> }
