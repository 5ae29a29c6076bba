import type { Tensor } from '@tabula/tensor'

/** What `f` makes of the tensors that are defined, all at once, each answer in the place of its tensor. Where none is, `f` is not asked. */
export const mapDefined = (
  tensors: readonly (Tensor | undefined)[],
  f: (defined: readonly Tensor[]) => readonly Tensor[]
): readonly (Tensor | undefined)[] => {
  const defined = tensors.filter((tensor) => tensor !== undefined)
  const answers = defined.length === 0 ? [] : f(defined)
  let next = 0
  return tensors.map((tensor) => (tensor === undefined ? undefined : answers[next++]))
}
