import type { Attributes, PrimitiveName, Tensor } from '@tabula/tensor'

/** Tensors, each with the batch as axis 0 where `batched`, else the same for every example. */
export interface Batch {
  readonly tensors: readonly Tensor[]
  readonly batched: readonly boolean[]
}

/**
 * `outputs`, which rest on the placeholders `inputs`, for a whole batch: with `values` in the placeholders' place. What does not rest
 * on a batched value is computed once for all examples.
 */
export type BatchThrough = (outputs: readonly Tensor[], inputs: readonly Tensor[], values: Batch, size: number) => Batch

/** One application of a primitive to a batch of examples. */
export interface BatchApplication<P extends PrimitiveName> {
  /** Those of one example. */
  readonly attributes: Attributes[P]
  /** With the batch as axis 0 where `batched`, else the same for every example. */
  readonly inputs: readonly Tensor[]
  /** At least one is. */
  readonly batched: readonly boolean[]
  /** How many examples there are; never 0. */
  readonly size: number
  /** Batching itself, for primitives that hold graphs. */
  readonly batch: BatchThrough
}

/** The primitive's outputs for every example. */
export type ApplyToBatch<P extends PrimitiveName> = (application: BatchApplication<P>) => Batch

/** How one primitive is applied to a batch; without operands there is nothing that could be batched. */
export type BatchingRule<P extends PrimitiveName> = ApplyToBatch<P> | 'no operands'

/** A rule for every primitive: a primitive without an entry does not compile. */
export type BatchingRules = { readonly [P in PrimitiveName]: BatchingRule<P> }
