import { replaceTensors } from '@tabula/tensor'
import type { Check, Shape, Tensor } from '@tabula/tensor'
import { zerosLike } from './expression.js'
import { differentiate } from './grad.js'
import type { Scalar } from './grad.js'
import { push } from './jvp.js'
import type { DirectionOf } from './jvp.js'
import { differentiableLeaves } from './tree.js'

/**
 * The Hessian of a loss times a direction, with respect to the first argument: a tree of the parameters' type, at a small multiple of
 * the gradient's cost (forward mode over reverse mode; Pearlmutter 1994). Further arguments are constants. Throws as `grad` and `jvp`.
 */
export const hvp = <P, Rest extends readonly unknown[], S extends Shape>(
  f: ((parameters: P, ...rest: Rest) => Tensor<S, 'f32'>) & Check<Scalar<S>>,
  parameters: P,
  direction: NoInfer<P> | DirectionOf<P>,
  ...rest: Rest
): P => {
  const gradient = (variables: P): P => differentiate('hvp', (p: P) => f(p, ...rest), variables).gradient
  const { tangents } = push('hvp', gradient, parameters, direction)
  const leaves = differentiableLeaves('hvp', parameters)
  // The gradient's leaves are the parameters'.
  return replaceTensors(
    parameters,
    leaves.map(({ tensor }, index) => tangents[index] ?? zerosLike(tensor))
  )
}
