import type { Check, Shape, Tensor } from '@tabula/tensor'
import { grad } from './grad.js'
import type { Scalar } from './grad.js'
import { jacobian } from './jacobian.js'
import type { JacobianOf } from './jacobian-types.js'

/**
 * All second derivatives of a loss with respect to the leaves of its first argument, forward mode over reverse mode: the tree of the
 * parameters in which each leaf is replaced by a tree of the parameters' structure, whose leaves have the shape of the one followed by
 * that of the other. Further arguments are constants. For products with one direction take `hvp`, whose cost does not grow with the
 * number of parameters. Throws as `grad` and `jacobian`.
 */
export const hessian =
  <P, Rest extends readonly unknown[], S extends Shape>(
    f: ((parameters: P, ...rest: Rest) => Tensor<S, 'f32'>) & Check<Scalar<S>>
  ) =>
  (parameters: P, ...rest: Rest): JacobianOf<P, P> =>
    jacobian((variables: P): P => grad<P, Rest, S>(f)(variables, ...rest), { mode: 'forward' })(parameters)
