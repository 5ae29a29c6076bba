import { placeholder, replaceTensors, ShapeError, DtypeError, showShape, tensorsOf } from '@tabula/tensor'
import type { Check, IsKnownRank, Shape, ShapeMismatch, ShowShape, Tensor } from '@tabula/tensor'
import { number, zerosLike } from './expression.js'
import { pullBack } from './reverse.js'
import { replacementsOf, substitute } from './substitute.js'
import { cotangentLeaves, differentiableLeaves } from './tree.js'
import type { CotangentsOf } from './tree.js'
import type { Cotangent } from './vjp/rule.js'

/** A loss: one `f32` number. */
export type Loss = Tensor<readonly [], 'f32'>

/** Rank 0, or a rank the compiler does not know, which is checked when the program is built. */
export type Scalar<S extends Shape> =
  IsKnownRank<S> extends false
    ? S
    : S extends readonly []
      ? S
      : ShapeMismatch<`grad: the loss must have shape [], found ${ShowShape<S>}`>

/** A function's result and the transpose of its derivative. */
export interface Pulled<P, R> {
  readonly value: R
  /**
   * From the derivatives of an objective in the result to those in the parameters; leaves that the result does not rest on get
   * zeros. Linear; may be applied any number of times. Throws `TreeError`, `ShapeError` or `DtypeError` naming the leaf.
   */
  readonly pullback: (cotangents: CotangentsOf<R>) => P
}

/** What reverse mode knows after the function has been applied: its result, and how to pull cotangents of its tensors back. */
interface Applied<P, R> {
  readonly value: R
  readonly pull: (cotangents: readonly Cotangent[]) => P
}

/**
 * Applies f to placeholders, differentiates in terms of them, and puts the parameters in their place. So each leaf is a variable
 * of its own, also where two leaves are one tensor, where a leaf is an expression of another, or where f or its further
 * arguments use the same tensor as a constant; and nothing of the placeholders remains.
 */
const apply = <P, R>(operation: string, f: (parameters: P) => R, parameters: P): Applied<P, R> => {
  const leaves = differentiableLeaves(operation, parameters)
  const variables = leaves.map((leaf, index) => placeholder(`variable ${index}`, leaf))
  const result = f(replaceTensors(parameters, variables))
  const outputs = tensorsOf(result)
  const replacements = replacementsOf(variables, leaves)
  const value = replaceTensors(result, substitute(outputs, replacements))
  const pull = (cotangents: readonly Cotangent[]): P => {
    const seeds = cotangents.map((cotangent, index) =>
      cotangent === undefined ? undefined : placeholder(`cotangent ${index}`, cotangent)
    )
    seeds.forEach((seed, index) => {
      const cotangent = cotangents[index]
      if (seed !== undefined && cotangent !== undefined) replacements.set(seed.node, [cotangent])
    })
    const gradients = pullBack(outputs, seeds, variables).map(
      (gradient, index) => gradient ?? zerosLike(leaves[index] ?? number(0))
    )
    return replaceTensors(parameters, substitute(gradients, replacements))
  }
  return { value, pull }
}

/**
 * The value of f and its pullback (vector–Jacobian product), with respect to the leaves of the first argument. Further arguments
 * are constants. f is called once.
 *
 * Throws `DtypeError` at leaves that are not `f32`, `TreeError` where f's result holds something else than tensors.
 */
export const vjp =
  <P, Rest extends readonly unknown[], R>(f: (parameters: P, ...rest: Rest) => R) =>
  (parameters: P, ...rest: Rest): Pulled<P, R> => {
    const { value, pull } = apply('vjp', (variables: P) => f(variables, ...rest), parameters)
    return { value, pullback: (cotangents) => pull(cotangentLeaves('vjp', value, cotangents)) }
  }

const requireScalar = (operation: string, loss: Tensor): void => {
  if (loss.shape.length !== 0) {
    throw new ShapeError({ operation, operand: 'loss', expected: '[] (a sum or a mean)', found: showShape(loss.shape) })
  }
  if (loss.dtype !== 'f32') throw new DtypeError({ operation, operand: 'loss', expected: 'f32', found: loss.dtype })
}

/**
 * The loss and its gradient, a tree of the parameters' type. Throws `ShapeError` where the loss is not of rank 0 (where the
 * compiler knows the rank, it does not compile) and as `vjp`.
 */
export const valueAndGrad =
  <P, Rest extends readonly unknown[], S extends Shape>(
    f: ((parameters: P, ...rest: Rest) => Tensor<S, 'f32'>) & Check<Scalar<S>>
  ) =>
  (parameters: P, ...rest: Rest): { readonly value: Loss; readonly gradient: P } => {
    const { value, pull } = apply('valueAndGrad', (variables: P): Tensor => f(variables, ...rest), parameters)
    requireScalar('valueAndGrad', value)
    // Of rank 0 and f32, as has just been checked.
    return { value: value as Loss, gradient: pull([number(1)]) }
  }

/** As `valueAndGrad`, of a function that answers `[loss, auxiliary]`: a tree of tensors that is passed on and not differentiated. */
export const valueAndGradWithAux =
  <P, Rest extends readonly unknown[], S extends Shape, A>(
    f: ((parameters: P, ...rest: Rest) => readonly [Tensor<S, 'f32'>, A]) & Check<Scalar<S>>
  ) =>
  (parameters: P, ...rest: Rest): { readonly value: Loss; readonly auxiliary: A; readonly gradient: P } => {
    const { value, pull } = apply(
      'valueAndGradWithAux',
      (variables: P): readonly [Tensor, A] => f(variables, ...rest),
      parameters
    )
    const [loss, auxiliary] = value
    requireScalar('valueAndGradWithAux', loss)
    // Of rank 0 and f32, as has just been checked.
    return { value: loss as Loss, auxiliary, gradient: pull([number(1)]) }
  }

/** The gradient of a loss with respect to its first argument. As `valueAndGrad`, without the value. */
export const grad =
  <P, Rest extends readonly unknown[], S extends Shape>(
    f: ((parameters: P, ...rest: Rest) => Tensor<S, 'f32'>) & Check<Scalar<S>>
  ) =>
  (parameters: P, ...rest: Rest): P =>
    valueAndGrad<P, Rest, S>(f)(parameters, ...rest).gradient
