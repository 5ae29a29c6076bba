import type { PrimitiveName } from '../primitive.js'
import { elementwiseInstances } from './elementwise.js'
import { indexingInstances } from './indexing.js'
import type { Instances } from './instance.js'
import { linearInstances } from './linear.js'
import { movementInstances, reductionInstances } from './movement.js'
import { structureInstances } from './structure.js'

/**
 * Random valid instances of every primitive: sizes of 1 and primes, ties, duplicates, broadcasting, and now and then nothing at all.
 * An instance of `input` has the placeholder's value as its one input.
 */
export const instances: { readonly [P in PrimitiveName]: Instances<P> } = {
  ...structureInstances,
  ...elementwiseInstances,
  ...movementInstances,
  ...reductionInstances,
  ...linearInstances,
  ...indexingInstances
}
