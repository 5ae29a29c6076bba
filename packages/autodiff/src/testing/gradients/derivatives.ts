import { graphOf, placeholder } from '@tabula/tensor'
import type { Abstract, Tensor } from '@tabula/tensor'
import { zerosLike } from '../../expression.js'
import { pullBack } from '../../reverse.js'
import { decidesDifferently } from './decisions.js'
import { constants, run } from './point.js'
import type { Numbers, VectorFunction } from './point.js'

/** How a derivative is taken: tangents pushed forward (`jvp`), or cotangents pulled back (`vjp`). */
export type Mode = 'forward' | 'reverse'

/** A function of several tensors and its first derivatives, as programs that can be run at any point. */
export interface Derivatives {
  readonly value: (x: Numbers) => Numbers
  /** J·v */
  readonly forward: (x: Numbers, v: Numbers) => Numbers
  /** Jᵀ·u */
  readonly reverse: (x: Numbers, u: Numbers) => Numbers
  /** Shapes of the results. */
  readonly results: readonly Abstract[]
  /** Whether the program, or a derivative of it, decides differently at different points. */
  readonly decides: (points: readonly Numbers[]) => boolean
}

const orZeros = (like: readonly Abstract[], found: readonly (Tensor | undefined)[]): readonly Tensor[] =>
  like.map((abstract, index) => found[index] ?? zerosLike(abstract))

/** J·v by reverse mode twice: Jᵀu is linear in u, and its transpose is J. */
const pushForward = (outputs: readonly Tensor[], inputs: readonly Tensor[], tangents: readonly Tensor[]): readonly (Tensor | undefined)[] => {
  const seeds = outputs.map((output, index) => placeholder(`seed ${index}`, output))
  const gradients = pullBack(outputs, seeds, inputs)
  const reached = gradients.flatMap((gradient, index) => (gradient === undefined ? [] : [{ gradient, tangent: tangents[index] }]))
  return pullBack(
    reached.map(({ gradient }) => gradient),
    reached.map(({ tangent }) => tangent),
    seeds
  )
}

/** Builds the value and both derivatives of a function, whose variables have these shapes. Programs are built when first run. */
export const derivativesOf = (f: VectorFunction, shapes: readonly Abstract[]): Derivatives => {
  const named = (name: string, like: readonly Abstract[]): readonly Tensor[] =>
    like.map((abstract, index) => placeholder(`${name}${index}`, abstract))
  const x = named('x', shapes)
  const outputs = f(x)
  const value = graphOf(x, outputs)
  const v = named('v', shapes)
  const u = named('u', outputs)
  const forward = once(() => graphOf([...x, ...v], orZeros(outputs, pushForward(outputs, x, v))))
  const reverse = once(() => graphOf([...x, ...u], orZeros(shapes, pullBack(outputs, u, x))))
  return {
    value: (point) => run(value, point),
    forward: (point, direction) => run(forward(), [...point, ...direction]),
    reverse: (point, cotangents) => run(reverse(), [...point, ...cotangents]),
    results: outputs,
    decides: (points) => decidesDifferently(x, outputs, points)
  }
}

const once = <T>(make: () => T): (() => T) => {
  let made: { readonly value: T } | undefined
  return () => (made ??= { value: make() }).value
}

/** x ↦ J(x)·v for a fixed v, by forward mode. */
export const alongDirection =
  (f: VectorFunction, v: Numbers): VectorFunction =>
  (variables) => {
    // Placeholders of its own, so that f's result rests on nothing but these.
    const outputs = f(variables)
    return orZeros(outputs, pushForward(outputs, variables, constants(variables, v)))
  }

/** x ↦ J(x)ᵀ·u for a fixed u, by reverse mode. */
export const againstCotangent =
  (f: VectorFunction, u: Numbers): VectorFunction =>
  (variables) => {
    const outputs = f(variables)
    return orZeros(variables, pullBack(outputs, constants(outputs, u), variables))
  }
