import { placeholder } from '../../../graph/trace.js'
import type { Node, Tensor } from '../../../node.js'
import { sizeOf } from '../../../shape.js'
import type { HostValue } from '../../../value.js'
import { pieceSums, scatterSum, sumOfPieces } from '../lower/custom.js'
import { cutLists, inverseIndex, mostPieces } from '../lower/inverse-index.js'
import { mostTerms } from '../lower/limits.js'
import type { AddKernel } from './regions.js'

/** Adds a function on the host that reads an operand and makes values. */
export type AddHost = (operand: Tensor, results: readonly Tensor[], reason: string, run: (operand: HostValue) => readonly HostValue[]) => void

/** A sum of updates by index: the host sorts the indices into lists, kernels sum each list, long lists in pieces. */
export const scatterSteps = ({ attributes: { axis, batchDims, size } }: Node<'scatterAdd'>, indices: Tensor, updates: Tensor, value: Tensor, host: AddHost, add: AddKernel): void => {
  const count = sizeOf(indices.shape.slice(batchDims))
  const batch = sizeOf(indices.shape.slice(0, batchDims))
  const sizes = { batch, count, size, middle: sizeOf(value.shape.slice(batchDims, axis)), inner: sizeOf(value.shape.slice(axis + 1)) }
  const integersOf = (name: string, length: number): Tensor => placeholder(name, { shape: [length], dtype: 'i32' })
  const [offsets, members] = [integersOf('offsets', batch * size + 1), integersOf('members', batch * count)]
  const pieces = count > mostTerms ? mostPieces(batch * size, batch * count, mostTerms) : 0
  const cuts = integersOf('cuts', 2 * pieces + 1)
  host(indices, [offsets, members, ...(pieces > 0 ? [cuts] : [])], 'its indices are sorted; the sums are on the device', (given) => {
    const [lists, places] = inverseIndex(given, batch, count, size)
    if (pieces === 0) return [lists, places]
    const [first, starts] = cutLists(lists, size, mostTerms, pieces)
    return [first, places, starts]
  })
  if (pieces === 0) {
    add(scatterSum(sizes), [updates, offsets, members], value)
    return
  }
  const sums = add(pieceSums(sizes, pieces), [updates, cuts, members], [pieces, sizes.middle, sizes.inner])
  add(sumOfPieces(sizes, pieces), [sums, offsets], value)
}
