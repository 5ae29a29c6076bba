import type { PrimitiveName, Tensor } from '@tabula/tensor'
import fc from 'fast-check'
import { either as E } from 'fp-ts'
import { checkGradients } from './check-gradients.js'
import type { Mode } from './gradients/derivatives.js'
import { showMismatch } from './gradients/mismatch.js'
import { differentiableInstances } from './instances/index.js'
import type { Instance } from './instances/instance.js'

/** How much is asked of Tabula's own rules. */
export interface PrimitiveCheck {
  /** The same seed draws the same cases. */
  readonly seed: number
  /** Random cases of each primitive (200). */
  readonly runs?: number
  /** Which primitives (all that have a derivative). */
  readonly primitives?: readonly PrimitiveName[]
  /** Orders of the derivatives (1 and 2). */
  readonly orders?: readonly number[]
  /** Forward, reverse, or both. */
  readonly modes?: readonly Mode[]
}

/** What the cases of one primitive showed. */
export interface PrimitiveReport {
  readonly primitive: PrimitiveName
  readonly cases: number
  /** Derivatives compared in these cases. */
  readonly comparisons: number
  /** The largest error of a derivative, relative to it. */
  readonly worst: number
  /** A test that fails, where a rule is wrong. */
  readonly failure: string | undefined
}

const isArbitrary = (entry: unknown): entry is fc.Arbitrary<Instance> => typeof entry === 'object'

/** The primitives that have a derivative to check. */
export const differentiablePrimitives: readonly PrimitiveName[] = Object.entries(differentiableInstances).flatMap(([name, entry]) =>
  // The record's keys are the primitives' names.
  isArbitrary(entry) ? [name as PrimitiveName] : []
)

/** Checks the derivatives of one primitive on random instances. */
export const checkPrimitive = (
  primitive: PrimitiveName,
  { seed, runs = 200, orders = [1, 2], modes = ['forward', 'reverse'] }: Omit<PrimitiveCheck, 'primitives'>
): PrimitiveReport => {
  const entry = differentiableInstances[primitive]
  if (!isArbitrary(entry)) return { primitive, cases: 0, comparisons: 0, worst: 0, failure: undefined }
  let [cases, comparisons, worst] = [0, 0, 0]
  const check = ({ variables, apply }: Instance, chosen: number, shrink: boolean) =>
    // The variables are the leaves of `at`, all f32.
    checkGradients((args) => apply(args as readonly Tensor[]), { at: variables, orders, modes, seed: chosen, shrink })
  const outcome = fc.check(
    fc.property(entry, fc.nat({ max: 0xffff }), (instance, chosen) => {
      const found = check(instance, chosen, false)
      cases++
      if (E.isLeft(found)) return false
      comparisons += found.right.comparisons
      worst = Math.max(worst, found.right.largestError)
      return true
    }),
    { seed, numRuns: runs, endOnFailure: false }
  )
  const [instance, chosen] = outcome.counterexample ?? []
  return { primitive, cases, comparisons, worst, failure: instance === undefined ? undefined : failureText(() => check(instance, chosen ?? 0, true), outcome.errorInstance) }
}

const failureText = (again: () => ReturnType<typeof checkGradients>, thrown: unknown): string => {
  if (thrown instanceof Error && !thrown.message.startsWith('Property failed by returning false')) return thrown.message
  const found = again()
  if (E.isRight(found)) return 'passes when repeated'
  return found.left._tag === 'GradientMismatch' ? showMismatch(found.left) : found.left.message
}

/** Checks the derivatives of Tabula's primitives on random instances, one report for each. */
export const checkPrimitives = ({ primitives = differentiablePrimitives, ...check }: PrimitiveCheck): readonly PrimitiveReport[] =>
  primitives.map((primitive) => checkPrimitive(primitive, check))
