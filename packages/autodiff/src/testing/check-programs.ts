import type { Tensor } from '@tabula/tensor'
import fc from 'fast-check'
import { either as E } from 'fp-ts'
import { checkGradients } from './check-gradients.js'
import type { GradientReport } from './check-gradients.js'
import { checkLaws } from './check-laws.js'
import { showMismatch } from './gradients/mismatch.js'
import { programs } from './programs/programs.js'
import type { ProgramLimits, RandomProgram } from './programs/programs.js'

/** How many random programs, and of which kind. */
export interface ProgramCheck extends ProgramLimits {
  /** The same seed draws the same programs. */
  readonly seed: number
  /** How many (200). */
  readonly runs?: number
  /** Orders of the derivatives (1 and 2). */
  readonly orders?: readonly number[]
}

/** What random programs showed. */
export interface ProgramReport {
  readonly cases: number
  /** Numbers compared in all of them. */
  readonly comparisons: number
  /** The largest error of a derivative, relative to it. */
  readonly worst: number
  /** How many had a kink at their point. */
  readonly kinks: number
  /** The smallest program whose derivatives are wrong or break a law, as a test that fails, or as a listing. */
  readonly failure: string | undefined
}

/**
 * Checks the derivatives of random programs, in both modes, with one another, and that `vmap` is the loop. Where single primitives are
 * right, this finds what is wrong with how derivatives are put together.
 */
export const checkPrograms = ({ seed, runs = 200, orders = [1, 2], ...limits }: ProgramCheck): ProgramReport => {
  let [cases, comparisons, worst, kinks] = [0, 0, 0, 0]
  const note = (report: GradientReport): void => {
    comparisons += report.comparisons
    worst = Math.max(worst, report.largestError)
    if (report.kinks.length > 0) kinks++
  }
  // The variables are the leaves of `at`, all f32.
  const functionOf = ({ apply }: RandomProgram) => (args: unknown): readonly Tensor[] => apply(args as readonly Tensor[])
  const gradients = (program: RandomProgram, chosen: number, shrink: boolean) =>
    checkGradients(functionOf(program), { at: program.variables, orders, directions: 1, seed: chosen, shrink })
  const laws = (program: RandomProgram, chosen: number) => checkLaws(functionOf(program), { at: program.variables, laws: ['vmapLoop'], runs: 1, seed: chosen, shrink: false })
  const outcome = fc.check(
    fc.property(programs(limits), fc.nat({ max: 0xffff }), (program, chosen) => {
      cases++
      const found = gradients(program, chosen, false)
      if (E.isLeft(found)) return false
      note(found.right)
      return E.isRight(laws(program, chosen))
    }),
    { seed, numRuns: runs }
  )
  const [program, chosen = 0] = outcome.counterexample ?? []
  const failure = program === undefined ? undefined : describe(program, () => gradients(program, chosen, true), () => laws(program, chosen))
  return { cases, comparisons, worst, kinks, failure }
}

const describe = (program: RandomProgram, gradients: () => ReturnType<typeof checkGradients>, laws: () => ReturnType<typeof checkLaws>): string => {
  const listing = program.toString()
  try {
    const found = gradients()
    if (E.isLeft(found)) return found.left._tag === 'GradientMismatch' ? showMismatch(found.left) : `${found.left.message}\n${listing}`
    const lawful = laws()
    return `${E.isLeft(lawful) ? lawful.left.message : 'passes when it is repeated'}\n${listing}`
  } catch (thrown) {
    return `${thrown instanceof Error ? thrown.message : String(thrown)}\n${listing}`
  }
}
