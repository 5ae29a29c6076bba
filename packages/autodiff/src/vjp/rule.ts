import type { Attributes, Graph, PrimitiveName, Tensor } from '@tabula/tensor'

/** The derivative of the objective in one tensor; `undefined` is zero. */
export type Cotangent = Tensor | undefined

/** The cotangents of a closed graph's wanted inputs (`undefined` for the others) from those of its outputs. */
export type PullBackGraph = (
  graph: Graph,
  inputs: readonly Tensor[],
  cotangents: readonly Cotangent[],
  wanted: readonly boolean[]
) => readonly Cotangent[]

/** One application of a primitive, seen from behind. */
export interface Application<P extends PrimitiveName> {
  readonly attributes: Attributes[P]
  readonly inputs: readonly Tensor[]
  readonly outputs: readonly Tensor[]
  /** One for each output, at least one of them defined; those of integer and `bool` outputs never are. */
  readonly cotangents: readonly Cotangent[]
  /** Which inputs' cotangents will be used. A rule may answer more; what nothing uses is not in the program. */
  readonly wanted: readonly boolean[]
  /** Reverse mode itself, for primitives that hold graphs. */
  readonly pullBackGraph: PullBackGraph
}

/** The cotangents of the inputs, in their order; those missing at the end are zero. */
export type PullBack<P extends PrimitiveName> = (application: Application<P>) => readonly Cotangent[]

/**
 * Why nothing flows back: the derivative is zero wherever it exists, there is no differentiable operand, the results are integers or
 * truth values, which have no cotangent, or it is a function in the host's memory, whose derivative nobody knows.
 */
export type NoDerivative = 'zero derivative' | 'no operands' | 'integer results' | 'host function'

/** The reverse-mode derivative of one primitive. */
export type VjpRule<P extends PrimitiveName> = PullBack<P> | NoDerivative

/** A rule for every primitive: a primitive without an entry does not compile. */
export type VjpRules = { readonly [P in PrimitiveName]: VjpRule<P> }
