import { graphOf, placeholder, sameShape, ShapeError, showShape } from '@tabula/tensor'
import type { Abstract, Graph, Tensor } from '@tabula/tensor'
import { zerosLike } from '../../expression.js'
import { pushForward } from '../../forward.js'
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
  /** Modes in which the derivative cannot be built, and what was thrown. */
  readonly refusals: ReadonlyMap<Mode, Error>
  /** Shapes of the results. */
  readonly results: readonly Abstract[]
  /** Whether the program, or a derivative of it, decides differently at different points. */
  readonly decides: (points: readonly Numbers[]) => boolean
}

/** Derivatives of tensors of these shapes. Throws `ShapeError` where one has another. */
const orZeros = (like: readonly Abstract[], found: readonly (Tensor | undefined)[]): readonly Tensor[] =>
  like.map((abstract, index) => {
    const derivative = found[index] ?? zerosLike(abstract)
    if (sameShape(derivative.shape, abstract.shape)) return derivative
    throw new ShapeError({
      operation: 'checkGradients',
      operand: `derivative ${index}`,
      expected: showShape(abstract.shape),
      found: showShape(derivative.shape)
    })
  })

/** Builds the value and the derivatives of a function, whose variables have these shapes. What the function throws is passed on. */
export const derivativesOf = (f: VectorFunction, shapes: readonly Abstract[], modes: readonly Mode[]): Derivatives => {
  const named = (name: string, like: readonly Abstract[]): readonly Tensor[] =>
    like.map((abstract, index) => placeholder(`${name}${index}`, abstract))
  const x = named('x', shapes)
  const outputs = f(x)
  const value = graphOf(x, outputs)
  const v = named('v', shapes)
  const u = named('u', outputs)
  const refusals = new Map<Mode, Error>()
  const built = (mode: Mode, make: () => Graph): Graph => {
    const nothing = graphOf([], [])
    if (!modes.includes(mode)) return nothing
    try {
      return make()
    } catch (thrown) {
      if (!(thrown instanceof Error)) throw thrown
      refusals.set(mode, thrown)
      return nothing
    }
  }
  const forward = built('forward', () => graphOf([...x, ...v], orZeros(outputs, pushForward(outputs, x, v))))
  const reverse = built('reverse', () => graphOf([...x, ...u], orZeros(shapes, pullBack(outputs, u, x))))
  return {
    value: (point) => run(value, point),
    forward: (point, direction) => run(forward, [...point, ...direction]),
    reverse: (point, cotangents) => run(reverse, [...point, ...cotangents]),
    refusals,
    results: outputs,
    decides: (points) => decidesDifferently(x, outputs, points)
  }
}

/** x ↦ J(x)·v for a fixed v, by forward mode. */
export const alongDirection =
  (f: VectorFunction, v: Numbers): VectorFunction =>
  (variables) => {
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
