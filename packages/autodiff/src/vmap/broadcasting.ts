import { bind } from '@tabula/tensor'
import type { PrimitiveName } from '@tabula/tensor'
import { aligned, allBatched } from './axes.js'
import type { ApplyToBatch } from './rule.js'

/**
 * The rule of primitives with one result that broadcast leading axes, which are therefore applied as they are: elementwise ones, and `matmul`, of which
 * an operand that all examples share is not repeated.
 */
export const broadcasting =
  <P extends PrimitiveName>(primitive: P): ApplyToBatch<P> =>
  ({ attributes, inputs, batched }) =>
    allBatched([bind(primitive, attributes, ...aligned({ inputs, batched }))])
