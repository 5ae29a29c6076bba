import { tensorsOf } from '@tabula/tensor'
import type { EvaluationError, TensorsOf } from '@tabula/tensor'
import { either as E } from 'fp-ts'
import type { Mode } from './gradients/derivatives.js'
import { checkAt } from './gradients/levels.js'
import type { Finding, Plan } from './gradients/levels.js'
import { mismatchOf } from './gradients/mismatch.js'
import type { GradientMismatch } from './gradients/mismatch.js'
import { argumentsOf, attempt, movedLeaves, numbersOf } from './gradients/point.js'
import type { MovedLeaf, VectorFunction } from './gradients/point.js'
import { smallest } from './gradients/shrink.js'

/** How far a derivative may be from the difference quotient. */
export interface Tolerances {
  /** Relative to the larger of the two (1e-6). What rounding contributes is estimated and allowed on top. */
  readonly relative?: number
  /** Differences that do not count whatever the derivative's size (0). */
  readonly absolute?: number
}

/** Where and how closely to look. */
export interface GradientCheck<At> {
  /** The point: a tree of host values. Its `f32` leaves are moved; others stay as they are. */
  readonly at: At
  /** A number checks derivatives up to that order (1); a list checks those orders. */
  readonly orders?: number | readonly number[]
  /** `forward` checks `jvp`, `reverse` checks `vjp`, both also check them against one another (both). */
  readonly modes?: readonly Mode[]
  readonly tolerances?: Tolerances
  /** Random directions for each function that is differentiated (2). */
  readonly directions?: number
  /** Chooses directions and cotangents (0). */
  readonly seed?: number
  /** Whether a mismatch is made as small as possible before it is reported (true). */
  readonly shrink?: boolean
}

/** A coordinate along which a function has no derivative: a kink, a jump, or the border of where it is defined. */
export interface Kink {
  readonly order: number
  /** The leaf, by its path in `at`, and the element in it. */
  readonly path: string
  readonly element: number
  /** Difference quotients on either side. */
  readonly left: number
  readonly right: number
}

/** What a check that passed has seen. */
export interface GradientReport {
  /** Derivatives compared, over all orders, modes and directions. */
  readonly comparisons: number
  /** The largest difference, relative to the derivative, where rounding lets the difference quotient be as precise as `tolerances`. */
  readonly largestError: number
  /**
   * Where the function has no derivative. Those coordinates were checked at points beside `at` instead; a value of the derivative at
   * a kink is a convention, which this check has no opinion on.
   */
  readonly kinks: readonly Kink[]
  /** How often pieces of the program fitted together smoothly at `at`, so that its derivative there was checked beside it. */
  readonly seams: number
  /** Modes that were not checked, and why: a custom rule of one mode that is not linear has no transpose for the other. */
  readonly skipped: readonly string[]
}

const planOf = <At>({ orders = 1, modes = ['forward', 'reverse'], tolerances = {}, directions = 2, seed = 0 }: GradientCheck<At>): Plan => ({
  orders: typeof orders === 'number' ? Array.from({ length: orders }, (_, index) => index + 1) : orders,
  modes,
  relative: tolerances.relative ?? 1e-6,
  absolute: tolerances.absolute ?? 0,
  directions,
  seed
})

/** f as a function of its `f32` leaves to its `f32` results. */
const vectorFunction =
  <At>(f: (args: TensorsOf<At>) => unknown, at: At): VectorFunction =>
  (variables) =>
    tensorsOf(f(argumentsOf(at, variables))).filter(({ dtype }) => dtype === 'f32')

const reportOf = ({ comparisons, largestError, kinks, seams, skipped }: Finding, leaves: readonly MovedLeaf[]): GradientReport => ({
  comparisons,
  largestError,
  seams,
  skipped,
  kinks: kinks.map(({ order, leaf, element, left, right }) => ({ order, path: leaves[leaf]?.path ?? '', element, left, right }))
})

/**
 * Compares the derivatives of f at a point with difference quotients, in double precision on the reference interpreter: J·v by
 * forward mode with central differences of nine points along random directions v, ⟨Jᵀu, v⟩ by reverse mode with the same, and
 * ⟨u, J·v⟩ with ⟨Jᵀu, v⟩. Order 2 checks in the same way the derivatives of x ↦ J(x)·v and x ↦ J(x)ᵀ·u, and so on. f takes and
 * answers any trees; integer leaves and results take no part.
 *
 * Difference quotients from the left and from the right tell where there is no derivative. Such coordinates are reported as kinks,
 * and checked at neighbouring points. What rounding does to a difference quotient is measured, not guessed.
 *
 * `Left` is a mismatch, made as small as possible (shapes, values, direction, the part of the program that is wrong), which
 * `showMismatch` prints as a test (a derivative that throws while it is built is one too); or the interpreter's refusal to evaluate f there. Throws what f throws.
 */
export const checkGradients = <At>(
  f: (args: TensorsOf<At>) => unknown,
  check: GradientCheck<At>
): E.Either<GradientMismatch<At> | EvaluationError, GradientReport> => {
  const plan = planOf(check)
  const leaves = movedLeaves(check.at)
  const outcome = attempt(() => {
    const shapes = leaves.map(({ leaf }) => leaf)
    return checkAt(vectorFunction(f, check.at), shapes, shapes.map(numbersOf), plan)
  })
  if (E.isLeft(outcome)) return outcome
  const { wrong } = outcome.right
  if (wrong === undefined) return E.right(reportOf(outcome.right, leaves))
  const found = { at: check.at, wrong, plan }
  return E.left(mismatchOf(check.shrink === false ? found : smallest((at) => vectorFunction(f, at), found)))
}
