import { bind, DtypeError, isTensor, mapLeaves, sizeOf, tensorsOf } from '@tabula/tensor'
import type { Sizes, Tensor } from '@tabula/tensor'
import { equal, reshape, zerosLike } from './expression.js'
import { pushForward } from './forward.js'
import { apply } from './grad.js'
import type { JacobianOf } from './jacobian-types.js'
import { move } from './moved.js'
import { replacementsOf, substitute } from './substitute.js'
import { differentiableLeaves, resultLeaves } from './tree.js'
import { vmap } from './vmap.js'

/** How a Jacobian is computed. */
export interface JacobianOptions {
  /**
   * `reverse` pulls back one cotangent for each number of the results, `forward` pushes forward one tangent for each number of the
   * parameters: take `forward` where there are fewer parameters than results (`reverse`).
   */
  readonly mode?: 'forward' | 'reverse'
}

/**
 * All first derivatives of f with respect to the leaves of its first argument: the tree of f's result in which each tensor is replaced by
 * a tree of the parameters' structure, whose leaves have the shape of the result's tensor followed by that of the parameter. Further
 * arguments are constants. f is called once, and all rows (or columns) are computed together by `vmap`.
 *
 * Throws `DtypeError` at parameters and results that are not `f32`, `TreeError` at what is no tensor, and `DerivativeError` where a result
 * rests on a parameter, but on no way that has a derivative.
 */
export const jacobian =
  <P, Rest extends readonly unknown[], R>(
    f: (parameters: P, ...rest: Rest) => R,
    { mode = 'reverse' }: JacobianOptions = {}
  ) =>
  (parameters: P, ...rest: Rest): JacobianOf<R, P> => {
    const ofParameters = (variables: P): R => requireReal(f(variables, ...rest))
    // A tree of derivatives in the place of each tensor of the result: what `JacobianOf` states.
    return (mode === 'reverse' ? byRows(ofParameters, parameters) : byColumns(ofParameters, parameters)) as JacobianOf<R, P>
  }

/** The result, if all its tensors are real. */
const requireReal = <R>(result: R): R => {
  for (const { name, tensor } of resultLeaves('jacobian', result)) {
    if (tensor.dtype === 'f32') continue
    const remedy = 'let integers and truth values leave the function by themselves'
    const expected = 'f32, as only floating-point results have derivatives'
    throw new DtypeError({ operation: 'jacobian', operand: name, expected, found: tensor.dtype, remedy })
  }
  return result
}

/** As many tensors of a shape as it has elements, stacked: each is 1 in one place, and 0 elsewhere. */
const basisOf = (shape: Sizes): Tensor => {
  const size = sizeOf(shape)
  const place = (axis: number): Tensor => bind('iota', { shape: axis === 0 ? [size, 1] : [1, size], dtype: 'i32', axis })
  return reshape(bind('cast', { dtype: 'f32' }, equal(place(0), place(1))), [size, ...shape])
}

/** A tree with its tensors replaced in order, by anything. */
const replaceLeaves = (tree: unknown, leaves: readonly unknown[]): unknown => {
  let next = 0
  return mapLeaves(tree, isTensor, () => leaves[next++])
}

/** Reverse mode: for each result, a batch of pullbacks. */
const byRows = <P, R>(f: (parameters: P) => R, parameters: P): unknown => {
  const { value, pull } = apply('jacobian', f, parameters)
  const results = tensorsOf(value)
  const rows = results.map(({ shape }, index) => {
    const pulled = vmap((cotangent: Tensor): P => pull(results.map((_, other) => (other === index ? cotangent : undefined))))
    const stacked: unknown = pulled(basisOf(shape))
    return mapLeaves(stacked, isTensor, (leaf) => reshape(leaf, [...shape, ...leaf.shape.slice(1)]))
  })
  return replaceLeaves(value, rows)
}

/** Forward mode: for each parameter, a batch of pushforwards. */
const byColumns = <P, R>(f: (parameters: P) => R, parameters: P): unknown => {
  const leaves = differentiableLeaves('jacobian', parameters)
  const { result, outputs, variables } = move('jacobian', f, parameters, leaves, () => true)
  const columns = leaves.map(({ tensor: { shape } }, index) => {
    const pushed = vmap(
      (tangent: Tensor): readonly Tensor[] => {
        const tangents = pushForward(outputs, variables, leaves.map((_, other) => (other === index ? tangent : undefined)))
        return outputs.map((output, k) => tangents[k] ?? zerosLike(output))
      },
      { outAxes: -1 }
    )
    const stacked: readonly Tensor[] = pushed(basisOf(shape))
    return stacked.map((leaf) => reshape(leaf, [...leaf.shape.slice(0, -1), ...shape]))
  })
  const replacements = replacementsOf(variables, leaves.map(({ tensor }) => tensor))
  const found = columns.map((column) => substitute(column, replacements))
  return replaceLeaves(result, outputs.map((_, k) => replaceLeaves(parameters, found.map((column) => column[k]))))
}
