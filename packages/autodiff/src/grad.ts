import { DtypeError, isTensor, placeholder, replaceTensors, ShapeError, showShape, TreeError } from '@tabula/tensor'
import type { Check, IsKnownRank, Shape, ShapeMismatch, ShowShape, Tensor } from '@tabula/tensor'
import { requireDerivatives, restOnHost } from './blocked-ways.js'
import { number, zerosLike } from './expression.js'
import { pullBack } from './reverse.js'
import { replacementsOf, substitute } from './substitute.js'
import { cotangentLeaves, describe, differentiableLeaves, resultLeaves } from './tree.js'
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
   * zeros. Linear; may be applied any number of times. Throws `TreeError`, `ShapeError` or `DtypeError` naming the leaf, and
   * `DerivativeError` at a leaf on which the result rests, but on no way that has a derivative.
   */
  readonly pullback: (cotangents: CotangentsOf<R>) => P
}

/** What reverse mode knows after the function has been applied: its result, and how to pull cotangents of its tensors back. */
export interface Applied<P, R> {
  readonly value: R
  readonly pull: (cotangents: readonly Cotangent[]) => P
}

/**
 * Applies f to placeholders, differentiates in terms of them, and puts the parameters in their place. So each leaf is a variable
 * of its own, also where two leaves are one tensor, where a leaf is an expression of another, or where f or its further
 * arguments use the same tensor as a constant; and nothing of the placeholders remains.
 */
export const apply = <P, R>(operation: string, f: (parameters: P) => R, parameters: P, resultName = 'result'): Applied<P, R> => {
  const leaves = differentiableLeaves(operation, parameters)
  const variables = leaves.map(({ name, tensor }) => ({ name, tensor: placeholder(name, tensor) }))
  const placeholders = variables.map(({ tensor }) => tensor)
  const result = f(replaceTensors(parameters, placeholders))
  const results = resultLeaves(operation, result, resultName)
  const outputs = results.map(({ tensor }) => tensor)
  const replacements = replacementsOf(
    placeholders,
    leaves.map(({ tensor }) => tensor)
  )
  const value = replaceTensors(result, substitute(outputs, replacements))
  const isHosted = restOnHost(outputs)
  const pull = (cotangents: readonly Cotangent[]): P => {
    const seeds = cotangents.map((cotangent, index) =>
      cotangent === undefined ? undefined : placeholder(`cotangent ${index}`, cotangent)
    )
    seeds.forEach((seed, index) => {
      const cotangent = cotangents[index]
      if (seed !== undefined && cotangent !== undefined) replacements.set(seed.node, [cotangent])
    })
    const found = pullBack(outputs, seeds, placeholders)
    const without = variables.filter((_, index) => found[index] === undefined)
    const seeded = results.filter((_, index) => seeds[index] !== undefined)
    if (without.length > 0) requireDerivatives(operation, seeded, without)
    if (isHosted) requireDerivatives(operation, seeded, variables)
    const gradients = found.map((gradient, index) => gradient ?? zerosLike(placeholders[index] ?? number(0)))
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

/** The loss, if it is one number. */
const requireScalar = (operation: string, loss: unknown): void => {
  const operand = 'loss'
  if (!isTensor(loss)) {
    const remedy = 'differentiate a tree of results with vjp'
    throw new TreeError({ operation, operand, expected: 'one tensor of shape []', found: describe(loss), remedy })
  }
  if (loss.dtype !== 'f32') {
    const remedy = "compute the loss from floating-point tensors; cast('f32') of an integer has no derivative"
    throw new DtypeError({ operation, operand, expected: 'f32', found: loss.dtype, remedy })
  }
  if (loss.shape.length !== 0) {
    const remedy = 'reduce it with total or mean, or use vjp or jacobian'
    throw new ShapeError({ operation, operand, expected: '[] (a sum or a mean)', found: showShape(loss.shape), remedy })
  }
}

/** Value and gradient under the name of the public function that was called. */
export const differentiate = <P>(
  operation: string,
  f: (parameters: P) => Tensor,
  parameters: P
): { readonly value: Loss; readonly gradient: P } => {
  const { value, pull } = apply(
    operation,
    (variables: P) => {
      const loss = f(variables)
      requireScalar(operation, loss)
      return loss
    },
    parameters,
    'loss'
  )
  // Of rank 0 and f32, as has been checked.
  return { value: value as Loss, gradient: pull([number(1)]) }
}

/**
 * The loss and its gradient, a tree of the parameters' type. Throws `TreeError`, `DtypeError` or `ShapeError` where the loss is not
 * one tensor of type f32 and rank 0 (where the compiler knows that, it does not compile), `DerivativeError` at a leaf on which the
 * loss rests, but on no way that has a derivative, and as `vjp`.
 */
export const valueAndGrad =
  <P, Rest extends readonly unknown[], S extends Shape>(
    f: ((parameters: P, ...rest: Rest) => Tensor<S, 'f32'>) & Check<Scalar<S>>
  ) =>
  (parameters: P, ...rest: Rest): { readonly value: Loss; readonly gradient: P } => {
    return differentiate<P>('valueAndGrad', (variables) => f(variables, ...rest), parameters)
  }

/**
 * As `valueAndGrad`, of a function that answers `[loss, auxiliary]`: a tree of tensors that is passed on and not differentiated. Throws
 * `TreeError` where it answers something else, and as `valueAndGrad`.
 */
export const valueAndGradWithAux =
  <P, Rest extends readonly unknown[], S extends Shape, A>(
    f: ((parameters: P, ...rest: Rest) => readonly [Tensor<S, 'f32'>, A]) & Check<Scalar<S>>
  ) =>
  (parameters: P, ...rest: Rest): { readonly value: Loss; readonly auxiliary: A; readonly gradient: P } => {
    const operation = 'valueAndGradWithAux'
    const { value, pull } = apply(
      operation,
      (variables: P): readonly [Tensor, A] => {
        const answer = f(variables, ...rest)
        if (!Array.isArray(answer) || answer.length !== 2) {
          throw new TreeError({ operation, operand: 'result', expected: 'the array [loss, auxiliary]', found: describe(answer) })
        }
        requireScalar(operation, answer[0])
        return answer
      },
      parameters
    )
    const [loss, auxiliary] = value
    // Of rank 0 and f32, as has been checked. The loss is the first result, and the only one with a cotangent.
    return { value: loss as Loss, auxiliary, gradient: pull([number(1)]) }
  }

/** The gradient of a loss with respect to its first argument. As `valueAndGrad`, without the value. */
export const grad =
  <P, Rest extends readonly unknown[], S extends Shape>(
    f: ((parameters: P, ...rest: Rest) => Tensor<S, 'f32'>) & Check<Scalar<S>>
  ) =>
  (parameters: P, ...rest: Rest): P =>
    differentiate<P>('grad', (variables) => f(variables, ...rest), parameters).gradient
