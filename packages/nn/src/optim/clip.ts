import { add, constant, div, minimum, mul, scalar, sqrt, square, sum } from '@tabula/tensor'
import { foldTree, mapTree } from '../tree.js'
import type { Parameter } from '../tree.js'

/** The Euclidean norm of all leaves together, of rank 0. */
export const globalNorm = (tree: unknown): Parameter =>
  sqrt(foldTree<Parameter>(tree, constant<'f32'>(scalar(0)), (accumulated, leaf) => add(accumulated, sum()(square(leaf)))))

/** Gradients scaled so that their global norm is at most `maximum` (PyTorch's `clip_grad_norm_`), and the norm before. */
export const clipByGlobalNorm =
  ({ maximum }: { readonly maximum: number }) =>
  <P>(gradients: P): { readonly gradients: P; readonly norm: Parameter } => {
    const norm = globalNorm(gradients)
    const factor = minimum(div(maximum, add(norm, 1e-6)), 1)
    return { gradients: mapTree(gradients, (leaf) => mul(leaf, factor)), norm }
  }
